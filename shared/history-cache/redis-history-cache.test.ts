import { Redis } from "ioredis";
import { v4 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { redisAvailable, type RedisServer, startRedis } from "../testing/stores/redis.ts";
import { type RedisCluster, startRedisCluster } from "../testing/stores/redis-cluster.ts";
import { createHistoryCache } from "./create-history-cache.ts";
import { type Found, type HistoryCache, type Reservation, reservationMs } from "./history-cache.ts";

const page = Buffer.from("a page: naïve\nand a second line");
const ttlSeconds = 60;

function reservationIn(found: Found): Reservation {
  if (found.page || !found.reservation) throw new Error("there is no reservation");
  return found.reservation;
}

async function keep(cache: HistoryCache, id: string, version: string, bytes = page): Promise<void> {
  await cache.store(id, reservationIn(await cache.find(id, version)), { page: bytes, ttlSeconds });
}

describe.skipIf(!redisAvailable)("the history cache on Redis", () => {
  let server: RedisServer;
  let redis: Redis;
  let cache: HistoryCache;
  let id: string;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    cache = await createHistoryCache({ redisUrl: server.url, onError: () => undefined });
  });
  beforeEach(() => {
    id = v4();
  });
  afterAll(async () => {
    await cache?.close();
    redis?.disconnect();
    await server?.stop();
  });

  it("finds a page, byte for byte, under the version it was stored under and no other", async () => {
    await keep(cache, id, "5/1");
    expect(await cache.find(id, "5/1")).toEqual({ page });
    expect(reservationIn(await cache.find(id, "5/10"))).toMatchObject({ version: "5/10" });
    // The other version has taken the only entry of the conversation.
    expect((await cache.find(id, "5/1")).page).toBeUndefined();
    expect(await redis.keys(`*${id}*`)).toHaveLength(1);
  });

  it("lets one reader of a version store its page, and only a reader of another version take that from it", async () => {
    const first = reservationIn(await cache.find(id, "1"));
    expect(await cache.find(id, "1")).toEqual({});
    const second = reservationIn(await cache.find(id, "2"));
    await cache.store(id, first, { page: Buffer.from("late"), ttlSeconds });
    expect(await cache.find(id, "2")).toEqual({});
    await cache.store(id, second, { page, ttlSeconds });
    expect(await cache.find(id, "2")).toEqual({ page });
    await cache.store(id, first, { page: Buffer.from("later"), ttlSeconds });
    expect(await cache.find(id, "2")).toEqual({ page });
  });

  it("keeps nothing of a writer that comes after the conversation was erased, also once it was looked up again", async () => {
    const late = reservationIn(await cache.find(id, "1"));
    await cache.erase(id);
    await cache.store(id, late, { page, ttlSeconds });
    expect(await redis.exists(`parley:history:{${id}}`)).toBe(0);
    reservationIn(await cache.find(id, "1"));
    await cache.store(id, late, { page, ttlSeconds });
    expect(await redis.get(`parley:history:{${id}}`)).not.toContain("a page");
  });

  it("erases a page, and does so again", async () => {
    await keep(cache, id, "1");
    for (let time = 0; time < 2; time += 1) await cache.erase(id);
    expect(await redis.keys(`*${id}*`)).toEqual([]);
  });

  it("lets a page expire after its time, and the reservation of a reader that died much sooner", async () => {
    await cache.find(id, "1");
    const key = `parley:history:{${id}}`;
    const left = await redis.pttl(key);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(reservationMs);
    await redis.del(key);
    await keep(cache, id, "1");
    const kept = await redis.pttl(key);
    expect(kept).toBeGreaterThan(reservationMs);
    expect(kept).toBeLessThanOrEqual(ttlSeconds * 1000);
  });

  it("stores no page while Redis is fuller than its share, and serves those it has", async () => {
    await keep(cache, id, "1");
    const other = v4();
    const used = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
    await redis.config("SET", "maxmemory", Math.round(used * 1.25));
    try {
      await keep(cache, other, "1");
      expect((await cache.find(other, "1")).page).toBeUndefined();
      expect(await cache.find(id, "1")).toEqual({ page });
      await redis.config("SET", "maxmemory", used * 4);
      await redis.del(`parley:history:{${other}}`);
      await keep(cache, other, "1");
      expect(await cache.find(other, "1")).toEqual({ page });
    } finally {
      await redis.config("SET", "maxmemory", 0);
    }
  });

  it("stores pages where its user may not ask for the memory", async () => {
    await redis.call("ACL", "SETUSER", "poor", "on", ">secret", "~parley:*", "+@all", "-info");
    const url = server.url.replace("//", "//poor:secret@");
    const poor = await createHistoryCache({ redisUrl: url, onError: () => undefined });
    try {
      await keep(poor, id, "1");
      expect(await poor.find(id, "1")).toEqual({ page });
    } finally {
      await poor.close();
    }
  });
});

describe.skipIf(!redisAvailable)("the history cache while Redis is away", () => {
  it("rejects, never waits for it to come up, and begins empty when it is back", async () => {
    await using server = await startRedis();
    const cache = await createHistoryCache({ redisUrl: server.url, onError: () => undefined });
    try {
      await keep(cache, "one", "1");
      await server.kill();
      for (const call of [
        () => cache.find("one", "1"),
        () => cache.store("one", { version: "1", nonce: "any" }, { page, ttlSeconds }),
        () => cache.erase("one"),
      ]) {
        await expect(call()).rejects.toThrow();
      }
      await server.restart();
      await expect.poll(() => cache.find("one", "2").catch(() => undefined), { timeout: 10_000 }).toBeDefined();
      await cache.erase("one");
      await keep(cache, "one", "1");
      expect(await cache.find("one", "1")).toEqual({ page });
    } finally {
      await cache.close();
    }
  });

  it("gives up on a Redis that hangs", async () => {
    await using server = await startRedis();
    const cache = await createHistoryCache({ redisUrl: server.url, onError: () => undefined });
    try {
      await cache.find("one", "1");
      server.pause();
      await expect(cache.erase("one")).rejects.toThrow(/not done within|timed out/);
    } finally {
      server.resume();
      await cache.close();
    }
  });
});

describe.skipIf(!redisAvailable)("the history cache on a Redis Cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it("keeps the pages of conversations on all nodes", async () => {
    const cache = await createHistoryCache({ redisUrl: cluster.url, onError: () => undefined });
    try {
      for (const id of Array.from({ length: 12 }, () => v4())) {
        await keep(cache, id, "1");
        expect(await cache.find(id, "1")).toEqual({ page });
        await cache.erase(id);
        expect((await cache.find(id, "1")).page).toBeUndefined();
      }
    } finally {
      await cache.close();
    }
  });
});

describe("the history cache without Redis", () => {
  it("finds nothing, and asks for nothing to be stored", async () => {
    const cache = await createHistoryCache({ redisUrl: undefined, onError: () => undefined });
    expect(await cache.find("one", "1")).toEqual({});
    await cache.erase("one");
    await cache.close();
  });
});
