import { Random } from "../../test/chaos/random.ts";
import { Heap } from "./heap.ts";

/** A visitor's message, and the reply that a provider would write to it if nothing were in the way. */
export interface Message {
  /** When it is sent, in milliseconds from the start. */
  at: number;
  conversation: number;
  /** Of the reply. */
  tokens: number;
  /** From the call to the first token. */
  firstMs: number;
  /** From the first token to the last. */
  writeMs: number;
}

/** A lognormal quantity. */
export interface Spread {
  median: number;
  p95: number;
}

export interface Load {
  /** Messages a second, of all visitors. */
  rate: number;
  /** So many times the rate in a burst; 1: there are none. */
  burst: number;
  /** Messages a visitor sends one after the other without waiting for the replies, on average. */
  inRow: number;
  /** Between those, on average. */
  pauseMs: number;
}

export interface Replies {
  tokens: Spread;
  /** `maxOutputTokens` of the assistant. */
  mostTokens: number;
  tokensPerSecond: number;
  firstMs: Spread;
}

/** A burst of a minute in every ten, in their middle. */
export const bursts = { everyMs: 600_000, beginMs: 270_000, lengthMs: 60_000 };

interface ArrivalsOptions {
  load: Load;
  replies: Replies;
  /** No visitor comes after this. */
  untilMs: number;
  seed: number;
}

/**
 * Messages in the order of their times. Visitors know nothing of each other (Poisson). The same seed gives the same
 * messages with the same replies, whoever answers them: so only what is changed makes a difference.
 */
export function* arrivals({ load, replies, untilMs, seed }: ArrivalsOptions): Generator<Message> {
  const random = new Random(seed);
  const later = new Heap<Message>();
  let conversation = 0;
  for (const at of visitors(load, untilMs, random)) {
    yield* takeUntil(later, at);
    // Each message is the last one with the same probability: a geometric number of them.
    let sentAt = at;
    do {
      later.push(sentAt, { at: sentAt, conversation, ...reply(replies, random) });
      sentAt += exponential(random) * load.pauseMs;
    } while (random.chance(1 - 1 / load.inRow));
    conversation++;
  }
  yield* takeUntil(later, Number.POSITIVE_INFINITY);
}

function* takeUntil(later: Heap<Message>, at: number): Generator<Message> {
  for (let next = later.takeBy(at); next; next = later.takeBy(at)) yield next.item;
}

/** Times at which visitors begin: as many as a burst all the time, of whom those outside of bursts are thinned out. */
function* visitors({ rate, burst, inRow }: Load, untilMs: number, random: Random): Generator<number> {
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

function reply({ tokens: length, mostTokens, tokensPerSecond, firstMs }: Replies, random: Random) {
  const tokens = Math.min(mostTokens, Math.max(1, Math.round(lognormal(length, random))));
  return { tokens, firstMs: lognormal(firstMs, random), writeMs: ((tokens - 1) * 1000) / tokensPerSecond };
}

function exponential(random: Random): number {
  return -Math.log(1 - random.next());
}

/** Of the standard normal distribution. */
const p95OfNormal = 1.6449;

export function meanOf({ median, p95 }: Spread): number {
  return median * Math.exp((Math.log(p95 / median) / p95OfNormal) ** 2 / 2);
}

function lognormal({ median, p95 }: Spread, random: Random): number {
  // Box and Muller's: two even numbers make a normal one.
  const normal = Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random.next());
  return median * Math.exp((normal * Math.log(p95 / median)) / p95OfNormal);
}
