import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import { minimumTurnMs, turnReserveMs } from "../../../shared/tunables.ts";

/**
 * Time that a provider may use of a job's remaining time while other providers are left to ask.
 * @param leftMs milliseconds until the job's deadline
 */
export function timeSliceMs(leftMs: number, others: number): number {
  if (others === 0) return leftMs;
  const mostForOthers = Math.max(leftMs - minimumTurnMs, (leftMs * others) / (others + 1));
  return leftMs - Math.min(others * turnReserveMs, mostForOthers);
}

/** Abort reason of a provider's calls when its time slice is over. It does not mean that the provider is down. */
export class TimeSliceOver extends Error {
  override name = "TimeSliceOver";
}

/** Abort reason of provider calls when the job's deadline has passed; presets follow. */
export class DeadlinePassed extends Error {
  override name = "DeadlinePassed";
}

export function isDeadline(error: unknown): boolean {
  return error instanceof DeadlinePassed || (error instanceof Error && error.cause instanceof DeadlinePassed);
}

interface TimeSliceOptions {
  /** The job's signal. */
  signal: AbortSignal;
  /** Length of the reply's text so far. */
  written: () => number;
  ms: number;
}

/** Interval, in milliseconds, within which a reply in progress must grow. */
const growthMs = 2_000;

/**
 * Time slice in which one provider may answer. A reply in progress at its end continues for as long as it grows: text
 * that exists is worth more than a new reply by another provider.
 */
export class TimeSlice implements Disposable {
  readonly #calls: LinkedAbort;
  readonly #written: () => number;
  #timer: NodeJS.Timeout;

  constructor({ signal, written, ms }: TimeSliceOptions) {
    this.#calls = new LinkedAbort(signal);
    this.#written = written;
    this.#timer = setTimeout(() => this.#end(0), ms);
  }

  get signal(): AbortSignal {
    return this.#calls.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#calls[Symbol.dispose]();
  }

  #end(before: number): void {
    const written = this.#written();
    if (written > before) this.#timer = setTimeout(() => this.#end(written), growthMs);
    else this.#calls.abort(new TimeSliceOver("the rest of the job's time is for the next provider"));
  }
}
