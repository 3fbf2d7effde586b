import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Result } from "ioredis";
import { within } from "../async/within.ts";
import { connectRedis, disconnectRedis, type RedisClient } from "../redis/connect-redis.ts";
import { failFast } from "../redis/fail-fast.ts";
import { historyTimeoutMs, maxMemoryShare, reservationMs } from "./history-cache.ts";
import type { Found, HistoryCache, Reservation, StoredPage } from "./history-cache.ts";

interface RedisHistoryCacheOptions {
  /** Receives the first error of each outage of the connection. */
  onError: (error: Error) => void;
  timeoutMs?: number;
}

/**
 * Cached pages on Redis, one string for each conversation. Resolves within `timeoutMs`, even when Redis is down; then
 * every call rejects at once until it is up again.
 */
export async function createRedisHistoryCache(
  url: string,
  { onError, timeoutMs = historyTimeoutMs }: RedisHistoryCacheOptions,
): Promise<HistoryCache> {
  const redis = connectRedis(url, { ...failFast(timeoutMs), commandTimeout: timeoutMs, scripts }, onError);
  await within(timeoutMs, once(redis, "ready")).catch(() => undefined);
  return new RedisHistoryCache(redis, timeoutMs);
}

class RedisHistoryCache implements HistoryCache {
  readonly #redis: RedisClient;
  readonly #timeoutMs: number;

  constructor(redis: RedisClient, timeoutMs: number) {
    this.#redis = redis;
    this.#timeoutMs = timeoutMs;
  }

  async find(conversationId: string, version: string): Promise<Found> {
    const nonce = randomUUID();
    const found = await this.#redis.findPageBuffer(keyOf(conversationId), version, nonce, reservationMs);
    if (found instanceof Buffer) return { page: found.subarray(Buffer.byteLength(version) + 1) };
    return found === reserved ? { reservation: { version, nonce } } : {};
  }

  async store(
    conversationId: string,
    { version, nonce }: Reservation,
    { page, ttlSeconds }: StoredPage,
  ): Promise<void> {
    const entry = Buffer.concat([Buffer.from(`${version}\n`), page]);
    await this.#limited(
      this.#redis.storePage(keyOf(conversationId), reservationOf(version, nonce), entry, ttlSeconds, maxMemoryShare),
    );
  }

  async erase(conversationId: string): Promise<void> {
    await this.#limited(this.#redis.unlink(keyOf(conversationId)));
  }

  async close(): Promise<void> {
    await disconnectRedis(this.#redis);
  }

  /** Limits a call's time: a Cluster's client tries node after node, each with a separate time limit. */
  #limited<T>(answer: Promise<T>): Promise<T> {
    return within(this.#timeoutMs, answer);
  }
}

/** The braces name the slot of a Redis Cluster, as in the keys of drafts. */
function keyOf(conversationId: string): string {
  return `parley:history:{${conversationId}}`;
}

/** An entry is `version\npage`, or a reservation. A version never begins with `?`. */
function reservationOf(version: string, nonce: string): string {
  return `?${version}\n${nonce}`;
}

/** Answer of `findPage` that a reservation was made. */
const reserved = 1;

const scripts = {
  /**
   * ARGV: version, nonce, reservation's lifetime. Returns the entry, 1 if it made a reservation, or 0 if another reader
   * of the same version has one. The entry of another version gives way.
   */
  findPage: {
    numberOfKeys: 1,
    lua: `
      local entry = redis.call('GET', KEYS[1])
      if entry then
        local length = #ARGV[1]
        if string.sub(entry, 1, length + 1) == ARGV[1] .. '\\n' then return entry end
        if string.sub(entry, 1, length + 2) == '?' .. ARGV[1] .. '\\n' then return 0 end
      end
      redis.call('SET', KEYS[1], '?' .. ARGV[1] .. '\\n' .. ARGV[2], 'PX', ARGV[3])
      return ${reserved}`,
  },
  /**
   * ARGV: reservation, entry, seconds to keep it, share of memory. INFO is refused to some users: then the memory is not
   * known, and the page is stored.
   */
  storePage: {
    numberOfKeys: 1,
    lua: `
      if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
      local memory = redis.pcall('INFO', 'memory')
      if type(memory) == 'string' then
        local used = tonumber(string.match(memory, 'used_memory:(%d+)'))
        local most = tonumber(string.match(memory, 'maxmemory:(%d+)'))
        if used and most and most > 0 and used > most * tonumber(ARGV[4]) then return 0 end
      end
      redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
      return 1`,
  },
};

declare module "ioredis" {
  interface RedisCommander<Context> {
    findPageBuffer(key: string, version: string, nonce: string, reservationMs: number): Result<Buffer | 0 | 1, Context>;
    storePage(
      key: string,
      reservation: string,
      entry: Buffer,
      ttlSeconds: number,
      memoryShare: number,
    ): Result<0 | 1, Context>;
  }
}
