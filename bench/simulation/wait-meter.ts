import type { ArrivingMessage } from "./arrivals.ts";

/** Origin of a reply; a preset means that no provider could answer. */
export type ReplySource = "provider" | "fallback" | "preset";

/** Measured period; messages before it only fill the places. */
export interface Window {
  fromMs: number;
  untilMs: number;
}

export interface SimulationOutcome {
  /** Times from the POST, in milliseconds, in ascending order. */
  waits: Record<"claimed" | "first" | "done", Float64Array>;
  /**
   * Longest wait for a place, without the time in which the previous message was answered; 0: a place was always free.
   */
  longestInQueueMs: number;
  answered: Record<ReplySource, number>;
  /** 503 for a full backlog; 429 for a conversation with too many unanswered messages. */
  refused: { backlog: number; unanswered: number };
  /** Mean time for which a reply holds a place. */
  holdMs: number;
  /** Used share of the places. */
  use: number;
  /** Messages not yet claimed by a worker; `overTime`: the maximum in each of equal parts of the time. */
  waiting: { mean: number; most: number; overTime: number[] };
  provider: { calls: number; refusals: number; most: number };
  circuitsOpened: number;
}

interface Answered {
  queuedAt: number;
  claimedAt: number;
  firstAt: number;
  doneAt: number;
  source: ReplySource;
}

/** Collects the outcome of each message. */
export class WaitMeter {
  readonly #window: Window;
  readonly #waits = { claimed: [] as number[], first: [] as number[], done: [] as number[] };
  readonly #answered = { provider: 0, fallback: 0, preset: 0 };
  readonly #refused = { backlog: 0, unanswered: 0 };
  #heldMs = 0;
  #longestInQueueMs = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  answered({ at }: ArrivingMessage, { queuedAt, claimedAt, firstAt, doneAt, source }: Answered): void {
    if (!this.#counts(at)) return;
    this.#waits.claimed.push(claimedAt - at);
    this.#waits.first.push(firstAt - at);
    this.#waits.done.push(doneAt - at);
    this.#answered[source]++;
    this.#heldMs += doneAt - claimedAt;
    this.#longestInQueueMs = Math.max(this.#longestInQueueMs, claimedAt - queuedAt);
  }

  refused({ at }: ArrivingMessage, why: "backlog" | "unanswered"): void {
    if (this.#counts(at)) this.#refused[why]++;
  }

  results(): Pick<SimulationOutcome, "waits" | "longestInQueueMs" | "answered" | "refused" | "holdMs"> {
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

/** A number that rises and falls over time. */
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

  /** Mean over the window; only changes until its end count. */
  get mean(): number {
    const { fromMs, untilMs } = this.#window;
    return this.#area / (untilMs - fromMs);
  }

  /** Accounts for the value since the last change. */
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
