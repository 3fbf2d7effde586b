import { microseconds } from "../testbed/clock.ts";

/** Measures the age of the tokens of held replies at their arrival (see `testbed/provider.ts`), in milliseconds. */
export class LagMeter {
  #since = Number.POSITIVE_INFINITY;
  #lags: number[] = [];

  /** Ignores tokens sent before this: a new reader gets the old text at once. */
  begin(): void {
    this.#since = microseconds();
    this.#lags = [];
  }

  hear(text: string): void {
    // The first stamp is the oldest of those that arrived together.
    const [stamp] = /1\d{15}/.exec(text) ?? [];
    if (stamp !== undefined && Number(stamp) >= this.#since) this.#lags.push((microseconds() - Number(stamp)) / 1000);
  }

  end(): number[] {
    this.#since = Number.POSITIVE_INFINITY;
    return this.#lags;
  }
}
