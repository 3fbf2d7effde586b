import { Random } from "../../test/chaos/random.ts";
import { Heap } from "./heap.ts";

/** A visitor's message, and the provider's reply under ideal conditions. */
export interface ArrivingMessage {
  /** Time of sending, in milliseconds from the start. */
  at: number;
  conversation: number;
  /** Length of the reply. */
  tokens: number;
  /** Time from the call to the first token. */
  firstMs: number;
  /** Time from the first token to the last. */
  writeMs: number;
}

/** A lognormal quantity. */
export interface Spread {
  median: number;
  p95: number;
}

export interface TrafficProfile {
  /** Messages a second, of all visitors. */
  rate: number;
  /** Factor of the rate in a burst; 1: no bursts. */
  burst: number;
  /** Mean number of messages that a visitor sends without waiting for the replies. */
  inRow: number;
  /** Mean pause between those. */
  pauseMs: number;
}

export interface ReplyProfile {
  tokens: Spread;
  /** `maxOutputTokens` of the assistant. */
  mostTokens: number;
  tokensPerSecond: number;
  firstMs: Spread;
}

/** Bursts of a minute in the middle of every ten. */
export const bursts = { everyMs: 600_000, beginMs: 270_000, lengthMs: 60_000 };

interface ArrivalsOptions {
  load: TrafficProfile;
  replies: ReplyProfile;
  /** Time after which no visitor arrives. */
  untilMs: number;
  seed: number;
}

/**
 * Generates messages in order of time. Visitors are independent (Poisson). The same seed gives the same messages with
 * the same replies for any setup, so that differences are due to the setup alone.
 */
export function* arrivals({ load, replies, untilMs, seed }: ArrivalsOptions): Generator<ArrivingMessage> {
  const random = new Random(seed);
  const later = new Heap<ArrivingMessage>();
  let conversation = 0;
  for (const at of visitors(load, untilMs, random)) {
    yield* takeUntil(later, at);
    // Each message is the last one with the same probability: a geometric number of messages.
    let sentAt = at;
    do {
      later.push(sentAt, { at: sentAt, conversation, ...reply(replies, random) });
      sentAt += exponential(random) * load.pauseMs;
    } while (random.chance(1 - 1 / load.inRow));
    conversation++;
  }
  yield* takeUntil(later, Number.POSITIVE_INFINITY);
}

function* takeUntil(later: Heap<ArrivingMessage>, at: number): Generator<ArrivingMessage> {
  for (let next = later.takeBy(at); next; next = later.takeBy(at)) yield next.item;
}

/** Times at which visitors begin: drawn at the burst rate throughout, and thinned out outside of bursts. */
function* visitors({ rate, burst, inRow }: TrafficProfile, untilMs: number, random: Random): Generator<number> {
  const most = Math.max(1, burst);
  const meanMs = (1000 * inRow) / (rate * most);
  for (let at = exponential(random) * meanMs; at < untilMs; at += exponential(random) * meanMs) {
    if (random.chance((isBurst(at) ? burst : 1) / most)) yield at;
  }
}

function isBurst(at: number): boolean {
  const since = (at % bursts.everyMs) - bursts.beginMs;
  return since >= 0 && since < bursts.lengthMs;
}

function reply({ tokens: length, mostTokens, tokensPerSecond, firstMs }: ReplyProfile, random: Random) {
  const tokens = Math.min(mostTokens, Math.max(1, Math.round(lognormal(length, random))));
  return { tokens, firstMs: lognormal(firstMs, random), writeMs: ((tokens - 1) * 1000) / tokensPerSecond };
}

function exponential(random: Random): number {
  return -Math.log(1 - random.next());
}

/** 95th percentile of the standard normal distribution. */
const p95OfNormal = 1.6449;

export function meanOf({ median, p95 }: Spread): number {
  return median * Math.exp((Math.log(p95 / median) / p95OfNormal) ** 2 / 2);
}

function lognormal({ median, p95 }: Spread, random: Random): number {
  // Box and Muller's method: two uniform numbers make a normal one.
  const normal = Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random.next());
  return median * Math.exp((normal * Math.log(p95 / median)) / p95OfNormal);
}
