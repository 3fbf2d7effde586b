import { styleText } from "node:util";

interface BannerFacts {
  url: string;
  /** Absent if nothing is served to operators. */
  operator: { url: string; user: string; password: string } | undefined;
  /** One-time link into the console; absent in production. */
  signInLink: string | undefined;
  /** Describes where data is stored. */
  data: string;
  /** Whose pages may use the chat. */
  origins: string;
  queue: string;
  /** Addresses of the parts' metrics, if they are served. */
  metrics: string[];
  seconds: number;
}

/** Formats the facts a person needs when everything runs; bold only on a terminal. */
export function banner({ url, operator, signInLink, data, origins, queue, metrics, seconds }: BannerFacts): string {
  const rows = [
    ["Page", url],
    ...(operator === undefined
      ? []
      : [
          ["Console", `${operator.url}/console  user ${operator.user}, password ${operator.password}`],
          ["Reports", `${operator.url}/admin  with the same`],
        ]),
    ...(signInLink === undefined ? [] : [["Sign in", `${signInLink}  once, within an hour`]]),
    ["Chat on", origins],
    ["Data", data],
    ["Queue", queue],
    ...(metrics.length === 0 ? [] : [["Metrics", metrics.join("  ")]]),
  ];
  const title = styleText("bold", `Parley is ready (${seconds.toFixed(1)} s)`);
  return [
    "",
    `  ${title}`,
    "",
    ...rows.map(([name = "", value = ""]) => `  ${name.padEnd(12)}${value}`),
    "",
    "  Send a message:",
    `  curl -sS ${url}/api/chat -H 'Content-Type: application/json' -H 'Prefer: wait=20' -d '{"message":"Hello"}'`,
    "",
    "  Press Ctrl-C to stop.",
    "",
    "",
  ].join("\n");
}
