import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
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
