/** Limits of a provider; `Infinity`: unlimited. */
export interface ProviderLimits {
  /** Maximum calls in flight. */
  calls: number;
  requestsPerMinute: number;
  /** Prompts and replies together. */
  tokensPerMinute: number;
  /** Prompt tokens of each call. */
  promptTokens: number;
  /** `Retry-After` of a 429; `undefined`: none. */
  retryAfterMs: number | undefined;
}

export const noLimits: ProviderLimits = {
  calls: Number.POSITIVE_INFINITY,
  requestsPerMinute: Number.POSITIVE_INFINITY,
  tokensPerMinute: Number.POSITIVE_INFINITY,
  promptTokens: 0,
  retryAfterMs: undefined,
};

/** Window of the limits per minute, shorter than a minute so that a minute's worth cannot be used at once. */
const bucketMs = 10_000;

/** A provider from its clients' view: it accepts a call, or answers 429. */
export class SimulatedProvider {
  readonly #limits: ProviderLimits;
  readonly #requests: Bucket;
  readonly #tokens: Bucket;
  #inFlight = 0;
  /** Maximum calls in flight so far. */
  most = 0;
  calls = 0;
  refusals = 0;

  constructor(limits: ProviderLimits) {
    this.#limits = limits;
    this.#requests = new Bucket(limits.requestsPerMinute);
    this.#tokens = new Bucket(limits.tokensPerMinute);
  }

  /**
   * @param replyTokens length of the call's reply
   * @returns true if the call is accepted; `end` must follow
   */
  begin(at: number, replyTokens: number): boolean {
    this.calls++;
    const tokens = this.#limits.promptTokens + replyTokens;
    const taken = this.#inFlight < this.#limits.calls && this.#requests.has(at, 1) && this.#tokens.has(at, tokens);
    if (!taken) {
      this.refusals++;
      return false;
    }
    this.#requests.take(1);
    this.#tokens.take(tokens);
    this.#inFlight++;
    this.most = Math.max(this.most, this.#inFlight);
    return true;
  }

  end(): void {
    this.#inFlight--;
  }
}

/** Token bucket: fills by a rate per minute, and holds the tokens of `bucketMs`. A large call may leave it in debt. */
class Bucket {
  readonly #perMs: number;
  readonly #size: number;
  #level: number;
  #at = 0;

  constructor(perMinute: number) {
    this.#perMs = perMinute / 60_000;
    this.#size = this.#perMs * bucketMs;
    this.#level = this.#size;
  }

  has(at: number, amount: number): boolean {
    if (this.#size === Number.POSITIVE_INFINITY) return true;
    this.#level = Math.min(this.#size, this.#level + (at - this.#at) * this.#perMs);
    this.#at = at;
    return this.#level >= Math.min(amount, this.#size);
  }

  take(amount: number): void {
    this.#level -= amount;
  }
}
