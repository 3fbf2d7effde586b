import { arrivals, meanOf } from "./arrivals.ts";
import { findFewestWorkers } from "./fewest-workers.ts";
import { type SimulationOutcome, shareOf, type Window } from "./wait-meter.ts";
import type { SimulationOptions } from "./options.ts";
import { describeRecommendation } from "./report.ts";
import { simulate } from "./simulate.ts";

/** Own time of one API and one worker on a quiet machine, as printed first by `npm run bench -- --only simulate`. */
const own = { beforeMs: 10, afterMs: 5 };
/** Minimum warm-up in which places fill before the measurement. */
const leastWarmUpMs = 10_000;
const warmUpHolds = 5;
/** Maximum share of refused messages. */
const mostRefused = 0.001;
/** Maximum use of the places; above it the backlog begins to grow. */
const mostUse = 0.99;

/** @returns a text for a terminal */
export function recommendWorkers(question: SimulationOptions): string {
  const { load, replies, concurrency, seed, waitMs } = question;
  const holdMs = meanHoldMs(question);
  const fromMs = Math.max(leastWarmUpMs, warmUpHolds * holdMs);
  const window: Window = { fromMs, untilMs: fromMs + question.lengthMs };
  const run = (workers: number) =>
    simulate(arrivals({ load, replies, untilMs: window.untilMs, seed }), { ...question, workers, own, window });
  const least = findFewestWorkers({
    run,
    isEnough: (outcome) => isEnough(outcome, waitMs),
    guess: (load.rate * holdMs) / 1000 / concurrency,
  });
  const workers = question.workers ?? least.workers;
  const outcome = workers === least.workers ? least.outcome : run(workers);
  return describeRecommendation({ question, workers, outcome, least });
}

/** Mean time for which a reply holds a place. */
function meanHoldMs({ replies: { tokens, tokensPerSecond, firstMs } }: SimulationOptions): number {
  return own.beforeMs + meanOf(firstMs) + (meanOf(tokens) * 1000) / tokensPerSecond + own.afterMs;
}

function isEnough({ waits, refused, use }: SimulationOutcome, waitMs: number): boolean {
  const turnedAway = refused.backlog + refused.unanswered;
  const accepted = waits.first.length;
  return shareOf(waits.first, 0.95) <= waitMs && use <= mostUse && turnedAway <= mostRefused * (accepted + turnedAway);
}
