import { pause } from "../../../shared/async/pause.ts";

/** A piece of work is followed by a rest of as many times its own length: it takes a quarter of the time at most. */
const restPerWork = 3;
/** Longest rest after one piece of work: a few long pages are not to stop all others for minutes. */
const maxRestMs = 1000;

/**
 * Work that leaves most of the time to replies. A lower priority holds for this process alone, not for what PostgreSQL does
 * for it. On a busy machine a piece of work takes longer, and so does the rest after it.
 */
export class SpareTime {
  #restUntil = 0;

  /**
   * Does a piece of work once the rests after earlier ones are over. Works that came together run together, and then all
   * rests follow.
   * @throws the reason of the signal, if that is aborted while the work waits
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    while (!signal.aborted && this.#restUntil > performance.now())
      await pause(this.#restUntil - performance.now(), signal);
    signal.throwIfAborted();
    const began = performance.now();
    try {
      return await work();
    } finally {
      const now = performance.now();
      this.#restUntil = Math.max(now, this.#restUntil) + Math.min(maxRestMs, (now - began) * restPerWork);
    }
  }
}
