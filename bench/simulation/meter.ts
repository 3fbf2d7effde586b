import type { Message } from "./arrivals.ts";

/** Who a reply is from; a preset says that nobody could answer. */
export type Source = "provider" | "fallback" | "preset";

/** What is measured: messages of this time. What came before only fills the places. */
export interface Window {
  fromMs: number;
  untilMs: number;
}

export interface Outcome {
  /** From the POST, in milliseconds, in ascending order. */
  waits: Record<"claimed" | "first" | "done", Float64Array>;
  /** Without the time in which the message before it was answered; 0: there was always a place. */
  longestInQueueMs: number;
  answered: Record<Source, number>;
  /** 503, as the backlog is full; 429, as the conversation has too many unanswered. */
  refused: { backlog: number; unanswered: number };
  /** A reply holds a place for so long, on average. */
  holdMs: number;
  /** Share of the places. */
  use: number;
  /** Messages that no worker has taken yet; `overTime`: the most in each of equal parts of the time. */
  waiting: { mean: number; most: number; overTime: number[] };
  provider: { calls: number; refusals: number; most: number };
  circuitsOpened: number;
}

interface Answered {
  queuedAt: number;
  claimedAt: number;
  firstAt: number;
  doneAt: number;
  source: Source;
}

/** Collects what became of each message. */
export class Meter {
  readonly #window: Window;
  readonly #waits = { claimed: [] as number[], first: [] as number[], done: [] as number[] };
  readonly #answered = { provider: 0, fallback: 0, preset: 0 };
  readonly #refused = { backlog: 0, unanswered: 0 };
  #heldMs = 0;
  #longestInQueueMs = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  answered({ at }: Message, { queuedAt, claimedAt, firstAt, doneAt, source }: Answered): void {
    if (!this.#counts(at)) return;
    this.#waits.claimed.push(claimedAt - at);
    this.#waits.first.push(firstAt - at);
    this.#waits.done.push(doneAt - at);
    this.#answered[source]++;
    this.#heldMs += doneAt - claimedAt;
    this.#longestInQueueMs = Math.max(this.#longestInQueueMs, claimedAt - queuedAt);
  }

  refused({ at }: Message, why: "backlog" | "unanswered"): void {
    if (this.#counts(at)) this.#refused[why]++;
  }

  results(): Pick<Outcome, "waits" | "longestInQueueMs" | "answered" | "refused" | "holdMs"> {
    const { claimed, first, done } = this.#waits;
    return {
      waits: { claimed: sorted(claimed), first: sorted(first), done: sorted(done) },
      longestInQueueMs: this.#longestInQueueMs,
      answered: this.#answered,
      refused: this.#refused,
      holdMs: this.#heldMs / Math.max(1, done.length),
    };
  }

  #counts(at: number): boolean {
    return at >= this.#window.fromMs && at < this.#window.untilMs;
  }
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).toSorted();
}

const parts = 60;

/** A number that goes up and down, over time. */
export class Gauge {
  readonly #window: Window;
  readonly #partMs: number;
  #changedAt = 0;
  #area = 0;
  value = 0;
  most = 0;
  readonly overTime: number[] = Array.from({ length: parts }, () => 0);

  constructor(window: Window) {
    this.#window = window;
    this.#partMs = (window.untilMs - window.fromMs) / parts;
  }

  add(at: number, change: number): void {
    this.#fill(at);
    this.value += change;
  }

  /** Over the window; only what has happened by its end counts. */
  get mean(): number {
    const { fromMs, untilMs } = this.#window;
    return this.#area / (untilMs - fromMs);
  }

  /** Takes note of what has been the value since the last change. */
  #fill(at: number): void {
    const from = Math.max(this.#changedAt, this.#window.fromMs);
    const until = Math.min(at, this.#window.untilMs);
    this.#changedAt = at;
    if (until <= from) return;
    this.#area += this.value * (until - from);
    this.most = Math.max(this.most, this.value);
    for (let part = this.#partOf(from); part <= Math.min(parts - 1, this.#partOf(until)); part++) {
      this.overTime[part] = Math.max(this.overTime[part] ?? 0, this.value);
    }
  }

  #partOf(at: number): number {
    return Math.floor((at - this.#window.fromMs) / this.#partMs);
  }
}

/**
 * @param ascending at least one
 * @param share from 0 to 1
 */
export function shareOf(ascending: Float64Array, share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0;
}
