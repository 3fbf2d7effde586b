import { LinkedAbort } from "../../../shared/async/linked-abort.ts";

/** Left for each other provider, in milliseconds: time for a whole reply, or the first words of a slow one. */
const forOthersMs = 20_000;
/** With a short deadline the others get less, so that the first still has time to connect and to speak. */
const leastMs = 5_000;

/**
 * How long a provider may take of a job's time, while there are others to ask after it.
 * @param leftMs until the job's deadline
 */
export function turnMs(leftMs: number, others: number): number {
  if (others === 0) return leftMs;
  const mostForOthers = Math.max(leftMs - leastMs, (leftMs * others) / (others + 1));
  return leftMs - Math.min(others * forOthersMs, mostForOthers);
}

/** A provider's calls are aborted with it when its turn is over; it says nothing about whether the provider is down. */
export class TurnOver extends Error {
  override name = "TurnOver";
}

interface TurnOptions {
  /** Of the job. */
  signal: AbortSignal;
  /** How much text of the reply there is by now. */
  written: () => number;
  ms: number;
}

/** Within which a reply that is being written grows. */
const growthMs = 2_000;

/**
 * The time in which one provider may answer. A reply that is being written when it is over goes on for as long as it grows:
 * what is there is worth more than what another would begin.
 */
export class Turn implements Disposable {
  readonly #calls: LinkedAbort;
  readonly #written: () => number;
  #timer: NodeJS.Timeout;

  constructor({ signal, written, ms }: TurnOptions) {
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
    else this.#calls.abort(new TurnOver("the rest of the job's time is for the next provider"));
  }
}
