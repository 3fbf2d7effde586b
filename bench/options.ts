import { statSync } from "node:fs";
import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Names of scenarios; empty: all. */
  only: string[];
  quick: boolean;
  full: boolean;
  check: boolean;
  record: boolean;
  plot: boolean;
  unbatched: boolean;
  /** Folder of another checkout. */
  against: string | undefined;
  /** Folder of XQuAD. */
  data: string | undefined;
}

export const benchHelp = `Measures Parley beside the limits of the parts it is built on. Takes about five minutes.

Usage: npm run bench -- [options]

  --only NAMES      run only these scenarios, separated by commas
  --quick           fewer and shorter rounds: enough to see that something changed, not by how much
  --full            also the heavy scenarios: 10 million messages, 9,000 streams, 5,000 chats in flight, 100,000 passages; 20 minutes more
  --check           fail if a ratio is more than 20 % below the recorded run
  --record          save this run as the recorded one
  --plot            measure nothing: write the recorded run into docs/performance.md, with charts
  --against FOLDER  compare with another checkout, in interleaved rounds: fail if this one is more than 5 % slower
  --data FOLDER     XQuAD, a JSON file for each language: more rows of the scenario knowledge
  --unbatched       let Parley send each statement alone: beside a usual run this shows what batching gains
  --help            show this text
`;

/** Error for an invalid command line. */
export class BenchOptionsError extends Error {
  override name = "BenchOptionsError";
}

/** @throws {BenchOptionsError} naming the option and its allowed values */
export function readBenchOptions(args: string[], known: readonly string[]): BenchOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const only = (values.only ?? "").split(",").filter((name) => name !== "");
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new BenchOptionsError(`--only: unknown scenario ${unknown.join(", ")}; expected some of ${known.join(", ")}`);
  if (values.record && (only.length > 0 || values.quick || values.unbatched))
    throw new BenchOptionsError("--record: requires a complete run, without --only, --quick and --unbatched");
  if (
    values.against !== undefined &&
    (only.length > 0 || values.check || values.record || values.full || values.unbatched)
  )
    throw new BenchOptionsError("--against: can only be combined with --quick");
  if (values.data !== undefined && !statSync(values.data, { throwIfNoEntry: false })?.isDirectory())
    throw new BenchOptionsError(`--data: there is no folder "${values.data}"`);
  return { ...values, against: values.against, data: values.data, only };
}

function parse(args: string[]) {
  const flag = { type: "boolean", default: false } as const;
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args,
      options: {
        only: text,
        quick: flag,
        full: flag,
        check: flag,
        record: flag,
        plot: flag,
        unbatched: flag,
        against: text,
        data: text,
        help: { ...flag, short: "h" },
      },
    }).values;
  } catch (error) {
    throw new BenchOptionsError((error as Error).message);
  }
}
