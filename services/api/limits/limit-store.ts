import type { Result } from "ioredis";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { QueryConfig } from "pg";
import type { RateLimiterAbstract } from "rate-limiter-flexible";
import { atMostEvery } from "../../../shared/async/at-most-every.ts";
import { within } from "../../../shared/async/within.ts";
import type { Logger } from "../../../shared/logger.ts";

interface LimiterOptions {
  keyPrefix: string;
  points: number;
  /** Window in seconds. */
  duration: number;
}

/** The store in which all API processes count together. */
export interface LimitStore {
  /**
   * Makes a limiter whose calls reject while the store is down: at once if that is known, else after `storeTimeoutMs`.
   */
  makeLimiter(options: LimiterOptions): RateLimiterAbstract;
  close(): Promise<void>;
}

interface StoreOptions {
  databaseUrl: string;
  redisUrl: string | undefined;
  log: Logger;
}

/** Delay of a POST, once, when the store has just gone down. */
const storeTimeoutMs = 500;

/** Opens the configured store. Only the modules it needs are loaded. */
export function openLimitStore({ databaseUrl, redisUrl, log }: StoreOptions): Promise<LimitStore> {
  return redisUrl === undefined ? openPostgres(databaseUrl, log) : openRedis(redisUrl, log);
}

/**
 * Answers from memory, until the window ends, for a client that has used up its quota. So a flood does not reach the
 * store.
 */
function refusedFromMemory({ points }: LimiterOptions) {
  return { inMemoryBlockOnConsumed: points };
}

async function openRedis(url: string, log: Logger): Promise<LimitStore> {
  const [{ connectRedis, disconnectRedis }, { failFast }, { default: RateLimiterRedis }] = await Promise.all([
    import("../../../shared/redis/connect-redis.ts"),
    import("../../../shared/redis/fail-fast.ts"),
    import("rate-limiter-flexible/lib/RateLimiterRedis.js"),
  ]);
  const redis = connectRedis(url, failFast(storeTimeoutMs), (error) =>
    log.debug({ err: error }, "Redis connection of the rate limits failed"),
  );
  // Wait for the connection: until then this process would count each request alone.
  await within(storeTimeoutMs, once(redis, "ready")).catch(() => undefined);
  const health = new StoreHealth(log);
  /** The subset of the ioredis client that rate-limiter-flexible calls. */
  const storeClient = {
    defineCommand: redis.defineCommand.bind(redis),
    rlflxIncr(args: string[]) {
      const [key = ""] = args;
      // The probe reads the same key: in a Cluster, only the node that holds it can show that it is back.
      return health.call(
        () => redis.rlflxIncr(args),
        () => redis.exists(key),
      );
    },
  };
  return {
    makeLimiter: (options) => new RateLimiterRedis({ ...options, ...refusedFromMemory(options), storeClient }),
    async close() {
      health.close();
      await disconnectRedis(redis);
    },
  };
}

declare module "ioredis" {
  interface RedisCommander<Context> {
    rlflxIncr(args: string[]): Result<[consumed: number, leftMs: number], Context>;
  }
}

/**
 * The rate limits have their own connections, so that they do not wait behind slow statements and a flood does not
 * delay those.
 */
const maxConnections = 4;

async function openPostgres(databaseUrl: string, log: Logger): Promise<LimitStore> {
  const [{ openPool }, { default: RateLimiterPostgres }] = await Promise.all([
    import("../../../shared/postgres/open-pool.ts"),
    import("rate-limiter-flexible/lib/RateLimiterPostgres.js"),
  ]);
  const pool = openPool(databaseUrl, {
    min: 1,
    max: maxConnections,
    connectionTimeoutMillis: 1500,
    query_timeout: 1000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    onLost: (error) => log.debug({ err: error }, "postgres connection of the rate limits"),
  });
  const probe = () => pool.query("select 1");
  // Connect now, so that the first request does not wait for a connection.
  await within(storeTimeoutMs, probe()).catch(() => undefined);
  const health = new StoreHealth(log);
  /** The subset of a pg pool that rate-limiter-flexible calls. */
  const storeClient = { query: (query: QueryConfig) => health.call(() => pool.query(query), probe) };
  const table = { storeClient, storeType: "pool", tableName: "rate_limits", tableCreated: true };
  let cleaned = false;
  return {
    makeLimiter(options) {
      // One limiter deletes the expired rows of all.
      const clearExpiredByTimeout = !cleaned;
      cleaned = true;
      return new RateLimiterPostgres({ ...options, ...refusedFromMemory(options), ...table, clearExpiredByTimeout });
    },
    async close() {
      health.close();
      await pool.end();
    },
  };
}

/** Interval between probes of a store that is down. */
const probeEveryMs = 100;
const complainEveryMs = 60_000;

/** Tracks whether the store answers. While it is down, calls fail at once instead of waiting. */
class StoreHealth {
  readonly #log: Logger;
  readonly #complaintDue = atMostEvery(complainEveryMs);
  #away = false;
  #closed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param probe a call that succeeds if the store could have answered this one */
  async call<T>(work: () => Promise<T>, probe: () => Promise<unknown>): Promise<T> {
    if (this.#away) throw new Error("the store of the rate limits is down");
    try {
      return await within(storeTimeoutMs, work());
    } catch (error) {
      this.#goAway(error, probe);
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
  }

  #goAway(error: unknown, probe: () => Promise<unknown>): void {
    if (this.#away || this.#closed) return;
    this.#away = true;
    void this.#untilBack(probe);
    if (!this.#complaintDue()) return;
    this.#log.warn({ err: error }, "the store of the rate limits is down: each process counts alone");
  }

  async #untilBack(probe: () => Promise<unknown>): Promise<void> {
    while (this.#away && !this.#closed) {
      await sleep(probeEveryMs, undefined, { ref: false });
      await within(storeTimeoutMs, probe()).then(
        () => (this.#away = false),
        () => undefined,
      );
    }
  }
}
