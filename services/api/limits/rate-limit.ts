import type { RateLimiterAbstract, RateLimiterMemory } from "rate-limiter-flexible";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import type { Quota } from "../../../shared/errors.ts";

/** Status of a key's quota. */
export interface QuotaStatus {
  /** True if this request exceeded the quota. */
  over: boolean;
  remaining: number;
  /** Time until the whole quota is available again. */
  resetSeconds: number;
}

/** Points to count for a key in one call, and the result of that call. */
interface Batch {
  points: number;
  counted: Promise<{ usedBefore: number; leftMs: number }>;
}

interface Limiters {
  /** Counts over all processes; rejects while its store is down. */
  shared: RateLimiterAbstract;
  /** Counts in this process while the store is down. */
  alone: RateLimiterMemory;
}

/** Number of keys whose last known count is kept for use while the store is down. */
const maxKnown = 10_000;

/** A quota that all API processes count together. */
export class RateLimit {
  readonly quota: Quota;
  readonly #limiters: Limiters;
  /** By key: the last call sent, and the batch that follows it. */
  readonly #sent = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Batch>();
  /** By key: points being counted, not yet part of `#known`. */
  readonly #sentPoints = new Map<string, number>();
  /** Last counts read from the store, most recent last. */
  readonly #known = new Map<string, { used: number; until: number }>();

  constructor(quota: Quota, limiters: Limiters) {
    this.quota = quota;
    this.#limiters = limiters;
  }

  /**
   * Counts with at most one store call per key at a time: concurrent requests of a key share the next call. Keys that
   * this process knows to be exhausted need none. While the store is down each process counts alone, so this neither
   * fails nor waits for long.
   * @param points 0 only reads the status
   */
  async count(key: string, points = 1): Promise<QuotaStatus> {
    const batch = this.#next.get(key) ?? this.#schedule(key);
    batch.points += points;
    const place = batch.points;
    this.#sentPoints.set(key, (this.#sentPoints.get(key) ?? 0) + points);
    const { usedBefore, leftMs } = await batch.counted.finally(() => this.#arrived(key, points));
    const used = usedBefore + place;
    return {
      over: used > this.quota.limit,
      remaining: Math.max(0, this.quota.limit - used),
      resetSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
    };
  }

  /**
   * Status of a key that is used up, as far as this process knows without asking; `undefined` if it may have some left.
   */
  usedUp(key: string): QuotaStatus | undefined {
    const known = this.#known.get(key);
    const leftMs = (known?.until ?? 0) - performance.now();
    const used = (known && leftMs > 0 ? known.used : 0) + (this.#sentPoints.get(key) ?? 0);
    if (used < this.quota.limit) return undefined;
    const resetSeconds = leftMs > 0 ? Math.max(1, Math.ceil(leftMs / 1000)) : this.quota.windowSeconds;
    return { over: true, remaining: 0, resetSeconds };
  }

  #schedule(key: string): Batch {
    const send = () => {
      this.#next.delete(key);
      return this.#consume(key, batch.points);
    };
    const counted = (this.#sent.get(key) ?? Promise.resolve()).then(send, send);
    const batch: Batch = { points: 0, counted };
    this.#next.set(key, batch);
    this.#sent.set(key, counted);
    const forget = () => {
      if (this.#sent.get(key) === counted) this.#sent.delete(key);
    };
    counted.then(forget, forget);
    return batch;
  }

  #arrived(key: string, points: number): void {
    const left = (this.#sentPoints.get(key) ?? 0) - points;
    if (left > 0) this.#sentPoints.set(key, left);
    else this.#sentPoints.delete(key);
  }

  async #consume(key: string, points: number): Promise<{ usedBefore: number; leftMs: number }> {
    const result = await this.#limiters.shared.consume(key, points).catch((rejected: unknown) => {
      return rejected instanceof RateLimiterRes ? rejected : undefined;
    });
    if (result === undefined) return this.#consumeAlone(key, points);
    const { consumedPoints, msBeforeNext, remainingPoints } = result;
    // A refusal from memory was not counted: it only shows that nothing is left.
    const blocked = remainingPoints === 0 && consumedPoints === 0;
    const used = blocked ? this.quota.limit + points : consumedPoints;
    this.#remember(key, used, msBeforeNext);
    return { usedBefore: used - points + (blocked ? 1 : 0), leftMs: msBeforeNext };
  }

  /** Continues from the last known counts, so that an outage neither forgets used quota nor refuses everyone. */
  async #consumeAlone(key: string, points: number): Promise<{ usedBefore: number; leftMs: number }> {
    const { alone } = this.#limiters;
    const { used, until } = this.#known.get(key) ?? { used: 0, until: 0 };
    const leftMs = until - performance.now();
    if (leftMs > 0 && ((await alone.get(key))?.consumedPoints ?? 0) < used) await alone.set(key, used, leftMs / 1000);
    const result = await alone.penalty(key, points);
    this.#remember(key, result.consumedPoints, result.msBeforeNext);
    return { usedBefore: result.consumedPoints - points, leftMs: result.msBeforeNext };
  }

  #remember(key: string, used: number, leftMs: number): void {
    this.#known.delete(key);
    this.#known.set(key, { used, until: performance.now() + leftMs });
    if (this.#known.size <= maxKnown) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
