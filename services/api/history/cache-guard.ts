import { within } from "../../../shared/async/within.ts";
import type { Found, HistoryCache } from "../../../shared/history-cache/history-cache.ts";
import type { Logger } from "../../../shared/logger.ts";

/** Outcome of a look into the cache. `error`: Redis did not answer in time, refused, or was not asked because of that. */
export type CacheRead = "hit" | "miss" | "error";

/** Bounds of the time that a read waits for Redis. A busy machine answers later than a page of PostgreSQL took before. */
const minWaitMs = 25;
const maxWaitMs = 100;
/** Interval between tries while Redis does not answer. All other reads go to PostgreSQL at once. */
const retryMs = 1000;

interface GuardOptions {
  cache: Pick<HistoryCache, "find">;
  onRead: (result: CacheRead) => void;
  log: Logger;
}

/**
 * Keeps a sick Redis from slowing reads down. A read waits for it no longer than PostgreSQL took for the last page, and
 * after a failure one read a second tries it.
 */
export class CacheGuard {
  readonly #options: GuardOptions;
  #waitMs = maxWaitMs;
  /** Time of the next try; `undefined` while Redis answers. */
  #retryAt: number | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Notes how long PostgreSQL took for a page. */
  databaseTook(ms: number): void {
    this.#waitMs = Math.min(maxWaitMs, Math.max(minWaitMs, ms));
  }

  /** @returns `undefined` if the cache was not asked, or did not answer; never rejects */
  async find(conversationId: string, version: string): Promise<Found | undefined> {
    const { cache, onRead, log } = this.#options;
    const now = performance.now();
    if (this.#retryAt !== undefined) {
      if (now < this.#retryAt) {
        onRead("error");
        return undefined;
      }
      this.#retryAt = now + retryMs;
    }
    try {
      const found = await within(this.#waitMs, cache.find(conversationId, version));
      this.#retryAt = undefined;
      onRead(found.page ? "hit" : "miss");
      return found;
    } catch (error) {
      this.#retryAt = performance.now() + retryMs;
      onRead("error");
      log.debug({ err: error }, "history cache");
      return undefined;
    }
  }
}
