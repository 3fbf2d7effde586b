import { describe, expect, it, onTestFinished, vi } from "vitest";
import { askRedis } from "../testing/stores/ask-redis.ts";
import { makeCertificates, opensslAvailable } from "../testing/fixtures/certificates.ts";
import { redisAvailable, startRedis, type RedisServer } from "../testing/stores/redis.ts";
import { startRedisCluster } from "../testing/stores/redis-cluster.ts";
import { startRedisSentinel } from "../testing/stores/redis-sentinel.ts";
import { connectRedis, disconnectRedis, type RedisClient } from "./connect-redis.ts";
import { evictionAdvice, readEvictionPolicies } from "./eviction.ts";

/** A busy machine takes its time. */
const soon = { timeout: 10_000 };
const failFast = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 500 };

function connect(url: string): { redis: RedisClient; errors: Error[] } {
  const errors: Error[] = [];
  const redis = connectRedis(url, failFast, (error) => errors.push(error));
  onTestFinished(() => disconnectRedis(redis));
  return { redis, errors };
}

async function start(settings: Record<string, string> = {}): Promise<RedisServer> {
  const server = await startRedis({ settings: () => settings });
  onTestFinished(() => server.stop());
  return server;
}

describe.skipIf(!redisAvailable)("connection to Redis", () => {
  it("reports an outage once and works afterwards", async () => {
    const server = await start();
    const { redis, errors } = connect(server.url);
    await vi.waitFor(() => redis.set("a", 1), soon);
    for (const outages of [1, 2]) {
      await server.kill();
      await vi.waitFor(() => expect(errors).toHaveLength(outages), soon);
      await expect(redis.get("a")).rejects.toThrow();
      await server.restart();
      await vi.waitFor(() => redis.set("a", outages), soon);
    }
    expect(errors).toHaveLength(2);
  });

  it("leaves a server that became a replica for the new master", async () => {
    const sentinel = await startRedisSentinel();
    onTestFinished(() => sentinel[Symbol.asyncDispose]());
    const { redis } = connect(sentinel.url);
    await vi.waitFor(() => redis.set("kept", "yes"), soon);
    const before = await sentinel.master();
    await vi.waitFor(() => askRedis(sentinel.sentinels[0] ?? before, "SENTINEL", "FAILOVER", "parley"), soon);
    await sentinel.failedOver(before);
    const after = await sentinel.master();
    // For a moment the one before still takes what will be lost.
    const written = async () => {
      await redis.set("new", "yes");
      expect(await askRedis(after, "MGET", "kept", "new")).toEqual(["yes", "yes"]);
    };
    await vi.waitFor(written, { timeout: 20_000 });
  }, 60_000);

  it("uses database, user and password of its URL", async () => {
    const server = await start({ requirepass: "se/cret" });
    const { redis } = connect(`redis://default:${encodeURIComponent("se/cret")}@127.0.0.1:${server.port}/3`);
    await vi.waitFor(() => redis.set("a", 1), soon);
    expect(await redis.info("keyspace")).toContain("db3:keys=1");
    const { errors } = connect(server.url);
    await vi.waitFor(() => expect(errors[0]?.message).toContain("NOAUTH"), soon);
  });

  it.skipIf(!opensslAvailable)("rejects a certificate from an untrusted authority", async () => {
    await using certificates = await makeCertificates();
    const server = await startRedis({
      settings: ({ port }) => ({
        port: "0",
        "tls-port": `${port}`,
        "tls-cert-file": certificates.cert,
        "tls-key-file": certificates.key,
        "tls-auth-clients": "no",
        "tls-ca-cert-file": certificates.ca,
      }),
    });
    onTestFinished(() => server.stop());
    const { redis, errors } = connect(`rediss://localhost:${server.port}`);
    await vi.waitFor(() => expect(errors[0]?.message).toContain("certificate"), soon);
    await expect(redis.ping()).rejects.toThrow();
  });
});

describe.skipIf(!redisAvailable)("eviction policy", () => {
  it("is read, and reported if it would lose data", async () => {
    const { redis } = connect((await start({ "maxmemory-policy": "allkeys-lru" })).url);
    const policies = await vi.waitFor(() => readEvictionPolicies(redis), soon);
    expect(policies).toEqual(["allkeys-lru"]);
    expect(evictionAdvice(policies)).toContain("Set maxmemory-policy to noeviction");
    expect(evictionAdvice(["noeviction", "noeviction"])).toBeUndefined();
  });

  it("is read from each master of a Cluster", async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    await askRedis(cluster.servers[1] ?? { port: 0 }, "CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
    const { redis } = connect(cluster.url);
    const policies = await vi.waitFor(async () => {
      const read = await readEvictionPolicies(redis);
      expect(read).toHaveLength(3);
      return read;
    }, soon);
    expect(policies.toSorted()).toEqual(["noeviction", "noeviction", "volatile-ttl"]);
    expect(evictionAdvice(policies)).toContain("(maxmemory-policy volatile-ttl)");
  });
});
