import type { RateLimiterAbstract, RateLimiterMemory } from "rate-limiter-flexible";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import { Coalescer, type Items } from "../../../shared/async/coalescer.ts";
import { boundedMap } from "../../../shared/bounded-map.ts";
import type { Quota } from "../../../shared/errors.ts";

/** Status of a key's quota. */
export interface QuotaStatus {
  /** True if this request exceeded the quota. */
  over: boolean;
  remaining: number;
  /** Time until the whole quota is available again. */
  resetSeconds: number;
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
  readonly #calls = new Coalescer<number, QuotaStatus>((points, key) => this.#countAll(key, points));
  /** By key: points being counted, not yet part of `#known`. */
  readonly #sentPoints = new Map<string, number>();
  /** Last counts read from the store. */
  readonly #known = boundedMap<{ used: number; until: number }>(maxKnown);

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
    this.#sentPoints.set(key, (this.#sentPoints.get(key) ?? 0) + points);
    return this.#calls.add(key, points);
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

  /** Counts the points of several requests in one call, in their order. */
  async #countAll(key: string, all: Items<number>): Promise<QuotaStatus[]> {
    const total = all.reduce((sum, points) => sum + points, 0);
    const { usedBefore, leftMs } = await this.#consume(key, total);
    const resetSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    let used = usedBefore;
    return all.map((points) => {
      used += points;
      return { over: used > this.quota.limit, remaining: Math.max(0, this.quota.limit - used), resetSeconds };
    });
  }

  /** Moves points from those being counted to the known ones, in one step: `usedUp` adds both. */
  #arrived(key: string, points: number, { used, leftMs }: { used: number; leftMs: number }): void {
    const left = (this.#sentPoints.get(key) ?? 0) - points;
    if (left > 0) this.#sentPoints.set(key, left);
    else this.#sentPoints.delete(key);
    this.#known.set(key, { used, until: performance.now() + leftMs });
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
    this.#arrived(key, points, { used, leftMs: msBeforeNext });
    return { usedBefore: used - points + (blocked ? 1 : 0), leftMs: msBeforeNext };
  }

  /** Continues from the last known counts, so that an outage neither forgets used quota nor refuses everyone. */
  async #consumeAlone(key: string, points: number): Promise<{ usedBefore: number; leftMs: number }> {
    const { alone } = this.#limiters;
    const { used, until } = this.#known.get(key) ?? { used: 0, until: 0 };
    const leftMs = until - performance.now();
    if (leftMs > 0 && ((await alone.get(key))?.consumedPoints ?? 0) < used) await alone.set(key, used, leftMs / 1000);
    const result = await alone.penalty(key, points);
    this.#arrived(key, points, { used: result.consumedPoints, leftMs: result.msBeforeNext });
    return { usedBefore: result.consumedPoints - points, leftMs: result.msBeforeNext };
  }
}
