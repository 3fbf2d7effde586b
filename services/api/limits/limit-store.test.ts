import { setTimeout as sleep } from "node:timers/promises";
import RateLimiterPostgres from "rate-limiter-flexible/lib/RateLimiterPostgres.js";
import RateLimiterRedis from "rate-limiter-flexible/lib/RateLimiterRedis.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connectRedis, disconnectRedis } from "../../../shared/redis/connect-redis.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestPool, createTestDatabase } from "../../../shared/testing/stores/postgres.ts";
import { redisAvailable, startRedis } from "../../../shared/testing/stores/redis.ts";
import { type RedisCluster, startRedisCluster } from "../../../shared/testing/stores/redis-cluster.ts";
import { openLimitStore } from "./limit-store.ts";

describe.skipIf(!redisAvailable)("rate-limit store on a Redis Cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());

  it("is down while the node of its key is down, whatever the others do", async () => {
    await using stack = new AsyncDisposableStack();
    const store = await openLimitStore({ databaseUrl: "", redisUrl: cluster.url, log: quietLog() });
    stack.defer(() => store.close());
    const limiter = store.makeLimiter({ keyPrefix: "test", points: 1000, duration: 60 });
    await limiter.consume("somebody");
    const holder = await cluster.masterOf(limiter.getKey("somebody"));
    holder.pause();
    stack.defer(() => holder.resume());
    await expect(limiter.consume("somebody")).rejects.toThrow(/not done within/);
    // For ten looks whether it is back.
    for (const until = performance.now() + 1000; performance.now() < until; await sleep(20)) {
      await expect(limiter.consume("somebody")).rejects.toThrow(/is down/);
    }
    holder.resume();
    await vi.waitFor(() => limiter.consume("somebody"), { timeout: 5000 });
  });
});

/** Passes all calls on to a store's client, and notes the names of the methods that were called. */
function recordCalls<T extends object>(client: T): { client: T; called: Set<string> } {
  const called = new Set<string>();
  const recorded = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function" || typeof name !== "string" || name === "constructor") return value;
      return (...args: unknown[]): unknown => {
        called.add(name);
        return Reflect.apply(value, target, args);
      };
    },
  });
  return { client: recorded, called };
}

// The store hands the library an object with these methods alone. No type of the library says which it calls.
describe("rate-limiter-flexible", () => {
  const options = { keyPrefix: "test", points: 2, duration: 60, inMemoryBlockOnConsumed: 2 };

  it.runIf(redisAvailable)("calls `defineCommand` and `rlflxIncr` of a Redis client, nothing else", async () => {
    await using redis = await startRedis();
    const { client, called } = recordCalls(connectRedis(redis.url, {}, () => undefined));
    try {
      const limiter = new RateLimiterRedis({ ...options, storeClient: client });
      expect(await limiter.consume("visitor")).toMatchObject({ consumedPoints: 1, remainingPoints: 1 });
      await limiter.consume("visitor");
      await expect(limiter.consume("visitor")).rejects.toMatchObject({ remainingPoints: 0 });
      expect([...called].toSorted()).toEqual(["defineCommand", "rlflxIncr"]);
    } finally {
      await disconnectRedis(client);
    }
  });

  it("calls `query` of a PostgreSQL pool, nothing else", async () => {
    const database = await createTestDatabase();
    const pool = openTestPool(database.url, 1);
    const { client, called } = recordCalls(pool);
    try {
      const table = { storeClient: client, storeType: "pool", tableName: "rate_limits", tableCreated: true };
      const limiter = new RateLimiterPostgres({ ...options, ...table, clearExpiredByTimeout: false });
      expect(await limiter.consume("visitor")).toMatchObject({ consumedPoints: 1, remainingPoints: 1 });
      await limiter.consume("visitor");
      await expect(limiter.consume("visitor")).rejects.toMatchObject({ remainingPoints: 0 });
      expect([...called]).toEqual(["query"]);
    } finally {
      await pool.end();
      await database.drop();
    }
  });
});
