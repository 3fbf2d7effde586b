import { agentToken } from "./agent-token.ts";

/** Directives with a value: a colon behind them does not name a crawler. */
const valued = new Set(["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"]);

/**
 * Reads `X-Robots-Tag`.
 * @param header all values, joined by commas; a crawler's name holds until the next name
 * @returns `noindex` if the page must not be taken
 */
export function readRobotsHeader(
  header: string | undefined,
  userAgent: string,
  now = Date.now(),
): { noindex: boolean } {
  const token = agentToken(userAgent);
  let applies = true;
  let until = "";
  for (const item of (header ?? "").toLowerCase().split(",")) {
    const [, name = "", rest = item] = /^\s*([\w-]+|\*)\s*:(.*)$/.exec(item) ?? [];
    const isAgent = name !== "" && !valued.has(name);
    if (isAgent) applies = name === token || name === "*";
    const directive = (isAgent ? rest : item).trim();
    if (!applies) continue;
    if (directive === "noindex" || directive === "none") return { noindex: true };
    // A date may itself hold a comma: "Wed, 25 Jun 2030 15:00:00 GMT".
    until = name === "unavailable_after" ? rest : `${until},${item}`;
    if (Date.parse(until) <= now) return { noindex: true };
  }
  return { noindex: false };
}
