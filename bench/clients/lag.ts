import { microseconds } from "../stage/clock.ts";

/** Collects how old the tokens of held replies are when they arrive (see `stage/provider.ts`), in milliseconds. */
export class LagMeter {
  #since = Number.POSITIVE_INFINITY;
  #lags: number[] = [];

  /** What was sent before this does not count: a fresh reader gets the old text at once. */
  begin(): void {
    this.#since = microseconds();
    this.#lags = [];
  }

  hear(text: string): void {
    // The first one is the oldest of those that came together.
    const [stamp] = /1\d{15}/.exec(text) ?? [];
    if (stamp !== undefined && Number(stamp) >= this.#since) this.#lags.push((microseconds() - Number(stamp)) / 1000);
  }

  end(): number[] {
    this.#since = Number.POSITIVE_INFINITY;
    return this.#lags;
  }
}
