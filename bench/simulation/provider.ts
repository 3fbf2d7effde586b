/** What a provider lets through; `Infinity`: as much as there is. */
export interface ProviderLimits {
  /** At once. */
  calls: number;
  requestsPerMinute: number;
  /** Prompts and replies together. */
  tokensPerMinute: number;
  /** Of each call. */
  promptTokens: number;
  /** What a 429 asks for; `undefined`: nothing. */
  retryAfterMs: number | undefined;
}

export const noLimits: ProviderLimits = {
  calls: Number.POSITIVE_INFINITY,
  requestsPerMinute: Number.POSITIVE_INFINITY,
  tokensPerMinute: Number.POSITIVE_INFINITY,
  promptTokens: 0,
  retryAfterMs: undefined,
};

/** Limits of a minute are held over less, so that a minute's worth does not come at once. */
const bucketMs = 10_000;

/** A provider as its clients see it: it takes a call, or answers 429. */
export class SimulatedProvider {
  readonly #limits: ProviderLimits;
  readonly #requests: Bucket;
  readonly #tokens: Bucket;
  #inFlight = 0;
  /** At once, so far. */
  most = 0;
  calls = 0;
  refusals = 0;

  constructor(limits: ProviderLimits) {
    this.#limits = limits;
    this.#requests = new Bucket(limits.requestsPerMinute);
    this.#tokens = new Bucket(limits.tokensPerMinute);
  }

  /**
   * @param replyTokens that the call will be given
   * @returns whether it takes the call; then `end` must follow
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

/** Fills by so much a minute, and holds what comes in `bucketMs`; a large call may leave it in debt. */
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
