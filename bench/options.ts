import { parseArgs } from "node:util";

export interface Options {
  /** Names of scenarios; empty: all. */
  only: string[];
  quick: boolean;
  full: boolean;
  check: boolean;
  record: boolean;
  plot: boolean;
}

export const help = `Measures Parley beside the limits of its parts; about five minutes.

Usage: npm run bench -- [options]

  --only NAMES   some scenarios, separated by commas
  --quick        fewer and shorter rounds: to see whether something moved, not by how much
  --full         the heavy ones too: 10 million messages, 9,000 streams, 5,000 chats in flight; about 15 minutes more
  --check        fails when a ratio has fallen 20 % under the recorded one
  --record       makes this run the recorded one
  --plot         measures nothing: writes the recorded run into docs/performance.md, with pictures
  --help         this text
`;

/** Error for an invalid command line. */
export class BenchOptionsError extends Error {
  override name = "BenchOptionsError";
}

/** @throws {BenchOptionsError} */
export function readBenchOptions(args: string[], known: readonly string[]): Options | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const only = (values.only ?? "").split(",").filter((name) => name !== "");
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new BenchOptionsError(`--only: there is no ${unknown.join(", ")}; there is ${known.join(", ")}`);
  if (values.record && (only.length > 0 || values.quick))
    throw new BenchOptionsError("--record: a table is made by one whole run, without --only and --quick");
  return { ...values, only };
}

function parse(args: string[]) {
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args,
      options: {
        only: { type: "string" },
        quick: flag,
        full: flag,
        check: flag,
        record: flag,
        plot: flag,
        help: { ...flag, short: "h" },
      },
    }).values;
  } catch (error) {
    throw new BenchOptionsError((error as Error).message);
  }
}
