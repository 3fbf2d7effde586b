import type { TokenUsage } from "../providers/provider.ts";

/** Sum of what the calls of one reply took. */
export class Spendings {
  #inputTokens = 0;
  #outputTokens = 0;
  /** False once a call did not say what it took: the sum would be wrong. */
  #isKnown = true;
  /** In USD; `null` once a call's cost is not known. */
  costUsd: number | null = 0;

  get usage(): { usage?: TokenUsage } {
    return this.#isKnown ? { usage: { inputTokens: this.#inputTokens, outputTokens: this.#outputTokens } } : {};
  }

  add(usage: TokenUsage | undefined, costUsd: number | null): void {
    this.#isKnown &&= usage !== undefined;
    this.#inputTokens += usage?.inputTokens ?? 0;
    this.#outputTokens += usage?.outputTokens ?? 0;
    this.costUsd = this.costUsd === null || costUsd === null ? null : this.costUsd + costUsd;
  }
}
