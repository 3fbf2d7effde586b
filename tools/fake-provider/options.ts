import { parseArgs } from "node:util";
import { z } from "zod";

export interface FakeProviderOptions extends ReplyPace {
  port: number;
  /** Rate from 0 (never) to 1 (each call). */
  faultRate: number;
  faults: Fault[];
  /** Seed: the same one makes the same faults, call by call. */
  seed: number;
}

export interface ReplyPace {
  firstMs: number;
  interMs: number;
  tokens: number;
}

const breaks = ["cut", "stall", "malformed", "empty", "refusal"] as const;

/** An HTTP status, or the break of an answer that begins well. */
export type Fault = number | (typeof breaks)[number];

/** Error for an invalid command line or environment; its message names the faults. */
export class FakeProviderOptionsError extends Error {
  override name = "FakeProviderOptionsError";
}

export const fakeProviderHelp = `A fake AI provider, to try Parley's streaming and failover without an account.

Usage: npm run fake-provider -- [options]

  --port 7001        port on 127.0.0.1
  --first-ms 300     milliseconds to the first token of a reply
  --inter-ms 30      milliseconds between tokens
  --tokens 60        tokens in a reply; a token is about a word
  --fault-rate 0     share of the calls that fail: 0 is none, 0.3 three in ten, 1 all
  --faults LIST      kinds of faults, separated by commas; by default
                     429,500,529,cut,stall,malformed,empty,refusal (or any other error status)
  --seed 1           seed of the faults: another number makes other calls fail
  --help             show this text

PORT, FIRST_MS, INTER_MS and TOKENS in the environment set the first four options, too.
The model fake-<first>-<inter>-<tokens> sets the pace of a single call, for example fake-2000-100-20.
It calls the tool that shares most words with the message: "Where is my order 1042?" calls order_status with 1042, and then
"Cancel it" calls cancel_order.
GET /stats returns the number of calls.
`;

/**
 * @returns `help` if requested
 * @throws {FakeProviderOptionsError} naming every fault at once
 */
export function readFakeProviderOptions(args: string[], env: NodeJS.ProcessEnv): FakeProviderOptions | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const parsed = schema.safeParse({
    port: values.port ?? env["PORT"],
    "first-ms": values["first-ms"] ?? env["FIRST_MS"],
    "inter-ms": values["inter-ms"] ?? env["INTER_MS"],
    tokens: values.tokens ?? env["TOKENS"],
    "fault-rate": values["fault-rate"],
    faults: values.faults,
    seed: values.seed,
  });
  if (!parsed.success) {
    throw new FakeProviderOptionsError(
      parsed.error.issues.map(({ path, message }) => `--${String(path[0])}: ${message}`).join("\n"),
    );
  }
  const { "first-ms": firstMs, "inter-ms": interMs, "fault-rate": faultRate, ...rest } = parsed.data;
  return { ...rest, firstMs, interMs, faultRate };
}

const errorStatus = z
  .string()
  .regex(/^[45]\d\d$/)
  .transform(Number);
const usualFaults = [429, 500, 529, ...breaks] as const;

const schema = z.object({
  port: whole(0, 65_535).default(7001),
  "first-ms": whole(0, 3_600_000).default(300),
  "inter-ms": whole(0, 3_600_000).default(30),
  tokens: whole(0, 1_000_000).default(60),
  "fault-rate": z
    .string()
    .regex(/^(0?\.\d+|[01]|1\.0+)$/, "expected a number from 0 to 1")
    .transform(Number)
    .default(0),
  faults: z
    .string()
    .transform((list) => list.split(",").map((name) => name.trim()))
    .pipe(z.array(z.union([z.literal(breaks), errorStatus], { error: `expected some of ${usualFaults.join(",")}` })))
    .default([...usualFaults]),
  seed: whole(0, 4_294_967_295).default(1),
});

function whole(min: number, max: number) {
  const message = `expected a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((number) => number >= min && number <= max, message);
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args,
      options: {
        port: text,
        "first-ms": text,
        "inter-ms": text,
        tokens: text,
        "fault-rate": text,
        faults: text,
        seed: text,
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new FakeProviderOptionsError((error as Error).message);
  }
}
