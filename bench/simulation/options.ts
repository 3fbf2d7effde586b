import { parseArgs } from "node:util";
import { BenchOptionsError } from "../options.ts";
import { bursts, type TrafficProfile, type ReplyProfile } from "./arrivals.ts";
import type { ProviderLimits } from "./simulated-provider.ts";

/** Input of the simulation. */
export interface SimulationOptions {
  load: TrafficProfile;
  replies: ReplyProfile;
  /** Number of workers; absent: as few as suffice. */
  workers: number | undefined;
  concurrency: number;
  provider: ProviderLimits;
  fallback: boolean;
  maxBacklog: number;
  deadlineMs: number;
  /** Maximum wait for the first token for 95 of 100 visitors. */
  waitMs: number;
  /** Duration of the traffic. */
  lengthMs: number;
  seed: number;
}

export const simulationHelp = `Finds the number of workers you need: simulates visitors, queue, workers and a provider's limits.

Usage: npm run simulate -- --rate 40 [options]

  --rate N              messages per second from all visitors
  --burst N             multiply the rate by this for one minute in ten (1)
  --row N               mean number of messages that a visitor sends in a row; each waits for the previous reply (1)
  --pause SECONDS       mean pause between messages in a row (3)

  --tokens N            median number of tokens of a reply (250)
  --tokens-p95 N        95th percentile of that number (2.5 times the median)
  --tokens-most N       maxOutputTokens of the assistant (1024)
  --speed N             tokens per second of one reply (80)
  --first SECONDS       median time from the call to the first token (0.6)
  --first-p95 SECONDS   95th percentile of that time (twice the median)

  --workers N           worker processes (the smallest number that suffices)
  --concurrency N       WORKER_CONCURRENCY (50)
  --backlog N           MAX_BACKLOG (10000)
  --deadline SECONDS    JOB_DEADLINE_MS (120)

  --calls N             provider's limit of calls in flight (none)
  --requests N          provider's limit of calls per minute (none)
  --tokens-minute N     provider's limit of tokens per minute, prompts and replies together (none)
  --prompt N            tokens of a prompt, for that limit (600)
  --retry-after SECONDS Retry-After of the provider's 429 (none)
  --fallback            the assistant has another provider without limits

  --wait SECONDS        maximum wait for the first token for 95 of 100 messages (2)
  --minutes N           duration of the traffic (long enough for 200,000 messages; at least 1, with bursts 20)
  --seed N              seed of the random numbers (1)
  --help                show this text
`;

const messages = 200_000;
const dayMs = 86_400_000;
/** Minimum number of messages for meaningful percentiles. */
const fewestMessages = 100;

/** @throws {BenchOptionsError} naming the option and its allowed values */
export function readSimulationOptions(args: string[]): SimulationOptions | "help" {
  const { help: wantsHelp, fallback, ...texts } = parse(args);
  if (wantsHelp) return "help";
  const number = (name: keyof typeof texts, usual: number, bounds: Bounds) =>
    readNumber(name, texts[name], usual, bounds);
  if (texts.rate === undefined) throw new BenchOptionsError("--rate: expected the number of messages per second");

  const rate = number("rate", 0, { least: 0.001, most: 100_000 });
  const burst = number("burst", 1, { least: 1, most: 1000 });
  const tokens = number("tokens", 250, { least: 1, most: 100_000 });
  const firstMs = number("first", 0.6, { least: 0.001, most: 600 }) * 1000;
  const limit = { least: 1, most: 1e12, whole: true };
  const unlimited = Number.POSITIVE_INFINITY;
  const leastMs = burst > 1 ? 2 * bursts.everyMs : 60_000;
  const usualMs = Math.max(leastMs, Math.min(dayMs, (messages / rate) * 1000), (fewestMessages / rate) * 1000);
  const lengthMs = number("minutes", usualMs / 60_000, { least: 0.1, most: 100_000 }) * 60_000;
  if ((rate * lengthMs) / 1000 < fewestMessages)
    throw new BenchOptionsError(`--minutes: expected a duration of at least ${fewestMessages} messages at this rate`);
  return {
    load: {
      rate,
      burst,
      inRow: number("row", 1, { least: 1, most: 5 }),
      pauseMs: number("pause", 3, { least: 0, most: 600 }) * 1000,
    },
    replies: {
      tokens: { median: tokens, p95: number("tokens-p95", 2.5 * tokens, { least: tokens, most: 1e6 }) },
      mostTokens: number("tokens-most", Math.max(1024, tokens), { least: 1, most: 100_000, whole: true }),
      tokensPerSecond: number("speed", 80, { least: 0.1, most: 100_000 }),
      firstMs: {
        median: firstMs,
        p95: number("first-p95", (2 * firstMs) / 1000, { least: firstMs / 1000, most: 600 }) * 1000,
      },
    },
    workers: texts.workers === undefined ? undefined : number("workers", 1, { least: 1, most: 100_000, whole: true }),
    concurrency: number("concurrency", 50, { least: 1, most: 10_000, whole: true }),
    provider: {
      calls: number("calls", unlimited, limit),
      requestsPerMinute: number("requests", unlimited, limit),
      tokensPerMinute: number("tokens-minute", unlimited, limit),
      promptTokens: number("prompt", 600, { least: 0, most: 1e7, whole: true }),
      retryAfterMs:
        texts["retry-after"] === undefined ? undefined : number("retry-after", 0, { least: 0, most: 3600 }) * 1000,
    },
    fallback,
    maxBacklog: number("backlog", 10_000, { least: 1, most: 100_000_000, whole: true }),
    deadlineMs: number("deadline", 120, { least: 1, most: 3600 }) * 1000,
    waitMs: number("wait", 2, { least: 0.001, most: 3600 }) * 1000,
    lengthMs,
    seed: number("seed", 1, { least: 0, most: 2 ** 31 - 1, whole: true }),
  };
}

interface Bounds {
  least: number;
  most: number;
  whole?: boolean;
}

function readNumber(
  name: string,
  text: string | undefined,
  usual: number,
  { least, most, whole = false }: Bounds,
): number {
  if (text === undefined) return usual;
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new BenchOptionsError(
    `--${name}: expected a ${whole ? "whole number" : "number"} from ${least} to ${most}, not "${text}"`,
  );
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args,
      options: {
        rate: text,
        burst: text,
        row: text,
        pause: text,
        tokens: text,
        "tokens-p95": text,
        "tokens-most": text,
        speed: text,
        first: text,
        "first-p95": text,
        workers: text,
        concurrency: text,
        backlog: text,
        deadline: text,
        calls: text,
        requests: text,
        "tokens-minute": text,
        prompt: text,
        "retry-after": text,
        fallback: flag,
        wait: text,
        minutes: text,
        seed: text,
        help: { ...flag, short: "h" },
      },
    }).values;
  } catch (error) {
    throw new BenchOptionsError((error as Error).message);
  }
}
