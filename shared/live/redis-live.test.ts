import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { redisAvailable, startRedis } from "../testing/stores/redis.ts";
import { draftTtlSeconds } from "../tunables.ts";
import { maxHintBytes, type Live } from "./live.ts";
import { openOne, patiently, type LiveFixture } from "./live-fixture.testsuite.ts";
import { describeLive } from "./live.testsuite.ts";
import { createRedisLive } from "./redis-live.ts";

interface RedisFixture extends LiveFixture {
  /** Runs one command on a connection of its own, which the count leaves out. */
  run(command: string, ...args: string[]): Promise<unknown>;
}

describe.skipIf(!redisAvailable)("live channel on Redis", () => {
  describeLive({ start: startFixture, longestHintedDelta: maxHintBytes });

  it("keeps drafts for a while after the last write", async () => {
    const { fixture, live } = await openOne(patiently(startFixture));
    await live.append({ jobId: randomUUID(), attempt: 1, offset: 0, text: "appended" });
    await live.rewrite({ jobId: randomUUID(), attempt: 1, text: "rewritten" });
    const keys = (await fixture.run("KEYS", "*")) as string[];
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(await fixture.run("TTL", key)).toBeOneOf([draftTtlSeconds, draftTtlSeconds - 1]);
    }

    const [key = ""] = keys;
    await fixture.run("PERSIST", key);
    const [, jobId = ""] = /\{(.*)\}/.exec(key) ?? [];
    const { length = 0 } = (await live.readDraft(jobId, 1, 0)) ?? {};
    await live.append({ jobId, attempt: 1, offset: length, text: "more" });
    expect(await fixture.run("TTL", key)).toBeOneOf([draftTtlSeconds, draftTtlSeconds - 1]);
  });

  it("reloads its scripts into a Redis that has lost them", async () => {
    const { fixture, live } = await openOne(patiently(startFixture));
    const jobId = randomUUID();
    await live.append({ jobId, attempt: 1, offset: 0, text: "a" });
    await fixture.run("SCRIPT", "FLUSH");
    expect(await live.append({ jobId, attempt: 1, offset: 1, text: "b" })).toBe(true);
  });

  it("reports an outage once per connection, not at every reconnect", async () => {
    const { fixture, live } = await openOne(startFixture);
    await fixture.goAway();
    await live.listen(randomUUID(), () => undefined);
    await live.listen(randomUUID(), () => undefined);
    expect(fixture.errors).toHaveLength(2);
  });
});

async function startFixture(options: { timeoutMs?: number } = {}): Promise<RedisFixture> {
  const redis = await startRedis();
  const opened: Live[] = [];
  const errors: Error[] = [];
  const run = async (command: string, ...args: string[]) => {
    const client = new Redis(redis.port, { lazyConnect: true, connectionName: "test" });
    try {
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  };
  return {
    errors,
    run,
    open: async () => {
      const live = await createRedisLive(redis.url, { ...options, onError: (error) => errors.push(error) });
      opened.push(live);
      return live;
    },
    cutListeners: async () => void (await run("CLIENT", "KILL", "TYPE", "pubsub")),
    goAway: () => redis.kill(),
    comeBack: () => redis.restart(),
    freeze: () => redis.pause(),
    thaw: () => redis.resume(),
    countConnections: async () => {
      const list = String(await run("CLIENT", "LIST"));
      return list.split("\n").filter((line) => line !== "" && !line.includes("name=test")).length;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((live) => live.close()));
      await redis.stop();
    },
  };
}
