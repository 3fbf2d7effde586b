import { describeNumber } from "../report/table.ts";
import type { FewestWorkers } from "./fewest-workers.ts";
import { type SimulationOutcome, shareOf } from "./wait-meter.ts";
import type { SimulationOptions } from "./options.ts";

interface Recommendation {
  question: SimulationOptions;
  workers: number;
  outcome: SimulationOutcome;
  least: FewestWorkers;
}

/** Formats the whole answer for a terminal. */
export function describeRecommendation(answered: Recommendation): string {
  const { question, workers, outcome } = answered;
  const places = workers * question.concurrency;
  const { mean, most, overTime } = outcome.waiting;
  return [
    describeTraffic(question),
    `${count(workers, "worker")} × ${question.concurrency} = ${count(places, "place")}`,
    "",
    `${" ".repeat(28)}     p50       p95       p99`,
    row("from POST to claim", outcome.waits.claimed),
    row("from POST to the first token", outcome.waits.first),
    row("from POST to the whole reply", outcome.waits.done),
    "",
    `  places in use   ${percent(outcome.use)} (a reply holds a place for ${seconds(outcome.holdMs)} on average)`,
    `  waiting         ${describeNumber(mean)} on average, ${describeNumber(most)} at most`,
    `  over time       ${bars(overTime)}`,
    `  answered        ${describeSources(outcome)}`,
    ...describeRefusals(outcome),
    "",
    ...describeLeast(answered),
    ...advise(answered).flatMap((text) => ["", text]),
  ].join("\n");
}

function describeTraffic({ load, replies, lengthMs, seed }: SimulationOptions): string {
  const { tokens, firstMs } = replies;
  const burst = load.burst === 1 ? "" : `, ${describeNumber(load.burst)} times that for one minute in ten`;
  const inRow = load.inRow === 1 ? "" : `, ${describeNumber(load.inRow)} in a row per visitor`;
  return [
    `${count(load.rate, "message")} per second${burst}${inRow}; ${count(lengthMs / 60_000, "minute")}, seed ${seed}`,
    `replies of ${describeNumber(tokens.median)} tokens (p95 ${describeNumber(tokens.p95)}) at ` +
      `${describeNumber(replies.tokensPerSecond)} per second, the first after ${seconds(firstMs.median)} (p95 ${seconds(firstMs.p95)})`,
  ].join("\n");
}

function describeSources({ answered, waits }: SimulationOutcome): string {
  const { provider, fallback, preset } = answered;
  const total = waits.done.length;
  const others = [
    ...(fallback > 0 ? [`by the fallback ${percent(fallback / total)}`] : []),
    ...(preset > 0 ? [`by a preset ${percent(preset / total)}`] : []),
  ];
  const own = `by the provider ${percent(provider / total)} of ${describeNumber(total)} messages`;
  return [own, ...others].join(", ");
}

function describeRefusals({ provider, circuitsOpened, refused }: SimulationOutcome): string[] {
  return [
    ...(provider.refusals > 0
      ? [
          `  provider's 429  ${percent(provider.refusals / provider.calls)} of ${describeNumber(provider.calls)} calls; ` +
            `circuits opened ${describeNumber(circuitsOpened)} times`,
        ]
      : []),
    ...(refused.backlog > 0
      ? [`  refused         ${describeNumber(refused.backlog)} with 503: backlog full (MAX_BACKLOG)`]
      : []),
    ...(refused.unanswered > 0
      ? [
          `  refused         ${describeNumber(refused.unanswered)} with 429: five unanswered messages in the conversation`,
        ]
      : []),
  ];
}

function describeLeast({ question, least }: Recommendation): string[] {
  const limit = `95 of 100 messages get their first token within ${seconds(question.waitMs)}`;
  if (!least.isEnough) return [`With no number of workers do ${limit}.`];
  const first = (outcome: SimulationOutcome) => seconds(shareOf(outcome.waits.first, 0.95));
  const fewer = least.fewer === undefined ? "" : `; with ${least.workers - 1} it is ${first(least.fewer)}`;
  return [
    `With ${count(least.workers, "worker")} of ${count(question.concurrency, "place")}, ${limit}:`,
    `  p95 is ${first(least.outcome)}${fewer}.`,
  ];
}

/** Advice that the numbers alone do not give. */
function advise({ question, outcome, least }: Recommendation): string[] {
  const { concurrency, provider } = question;
  const needed = (question.load.rate * outcome.holdMs) / 1000;
  return [
    ...(outcome.use > 0.99
      ? [`Messages arrive faster than these places can answer them, so the queue keeps growing.`]
      : []),
    ...(outcome.refused.backlog > 0 && needed > question.maxBacklog
      ? [
          `About ${describeNumber(Math.ceil(needed))} replies are in flight at once and count as backlog: raise MAX_BACKLOG.`,
        ]
      : []),
    ...(!least.isEnough && least.outcome.refused.backlog === 0
      ? [`No message waits for a worker: the provider's first token itself is too late.`]
      : []),
    ...(outcome.provider.refusals > 0
      ? [
          `The provider refuses calls, and more workers would only cause more refusals. Request higher limits, give the assistant\n` +
            `a fallback, or let messages wait in the queue instead${atMost(provider.calls, concurrency)}.`,
        ]
      : []),
  ];
}

/** Words for the number of places at which the provider's limit of calls is never exceeded. */
function atMost(calls: number, concurrency: number): string {
  if (!Number.isFinite(calls)) return "";
  const workers = Math.floor(calls / concurrency);
  return workers > 0
    ? `: ${count(workers, "worker")} of ${concurrency} never have more than ${describeNumber(calls)} calls in flight`
    : `: one worker with WORKER_CONCURRENCY=${calls}`;
}

function row(name: string, ascending: Float64Array): string {
  const cells = [0.5, 0.95, 0.99].map((share) => seconds(shareOf(ascending, share)).padStart(10));
  return `  ${name.padEnd(28)}${cells.join("")}`;
}

const heights = "▁▂▃▄▅▆▇█";

function bars(values: readonly number[]): string {
  const most = Math.max(...values, 1);
  return values.map((value) => heights[Math.ceil((value / most) * (heights.length - 1))]).join("");
}

function seconds(ms: number): string {
  return `${describeNumber(Math.round(ms) / 1000)} s`;
}

function percent(share: number): string {
  return `${describeNumber(Math.round(share * 1000) / 10)} %`;
}

function count(number: number, what: string): string {
  return `${describeNumber(number)} ${what}${number === 1 ? "" : "s"}`;
}
