import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { askRedis } from "../testing/stores/ask-redis.ts";
import { redisAvailable } from "../testing/stores/redis.ts";
import { startRedisCluster, type RedisCluster } from "../testing/stores/redis-cluster.ts";
import { maxHintBytes, type Hint, type Live } from "./live.ts";
import { inbox, openOne, patiently, type LiveFixture } from "./live-fixture.testsuite.ts";
import { describeLive } from "./live.testsuite.ts";
import { createRedisLive } from "./redis-live.ts";

describe.skipIf(!redisAvailable)("live channel on a Redis Cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());
  const start = async (options: { timeoutMs?: number } = {}) => openFixture(cluster, options);

  describeLive({ start, longestHintedDelta: maxHintBytes });

  it("sends hints only to the node that holds the job", async () => {
    const { live } = await openOne(patiently(start));
    const jobId = randomUUID();
    await live.listen(jobId, () => undefined);
    const channels = await Promise.all(cluster.servers.map((server) => askRedis(server, "PUBSUB", "SHARDCHANNELS")));
    expect(channels.flat()).toEqual([expect.stringContaining(jobId)]);
    expect(await Promise.all(cluster.servers.map((server) => askRedis(server, "PUBSUB", "CHANNELS")))).toEqual([
      [],
      [],
      [],
    ]);
  });

  it("follows a slot to another node and sends the listener a gap", async () => {
    const { fixture, live } = await openOne(patiently(start));
    const writer = await fixture.open();
    const jobId = randomUUID();
    const [moves, stays] = [inbox<Hint>(), inbox<Hint>()];
    await live.listen(jobId, moves.put);
    const key = `parley:live:{${jobId}}:1`;
    const otherId = await idAt(cluster, key);
    await live.listen(otherId, stays.put);
    await writer.append({ jobId, attempt: 1, offset: 0, text: "before" });
    expect(await moves.next()).toMatchObject({ type: "delta" });

    const holder = await cluster.masterOf(key);
    await cluster.moveSlotOf(key);
    expect(await cluster.masterOf(key)).not.toBe(holder);
    expect(await moves.next()).toEqual({ type: "gap" });
    await writer.append({ jobId, attempt: 1, offset: 6, text: " after" });
    expect(await moves.next()).toEqual({ type: "delta", attempt: 1, offset: 6, text: " after" });
    expect((await live.readDraft(jobId, 1, 0))?.bytes.toString()).toBe("before after");

    // Followers that stayed may have been told of a gap as well, but hear.
    await writer.hintChange(otherId);
    await vi.waitFor(() => expect(stays.waiting.at(-1)).toEqual({ type: "change" }));
  });
});

describe.skipIf(!redisAvailable)("live channel on a Redis Cluster that loses a master", () => {
  it("works at its replica within seconds, and at the other nodes throughout", { timeout: 60_000 }, async () => {
    const cluster = await startRedisCluster({ replicas: 1 });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const { fixture, live } = await openOne(patiently(async (options = {}) => openFixture(cluster, options)));
    const writer = await fixture.open();
    const jobId = randomUUID();
    const key = `parley:live:{${jobId}}:1`;
    const holder = await cluster.masterOf(key);
    const [moves, stays] = [inbox<Hint>(), inbox<Hint>()];
    const otherId = await idElsewhere(cluster, key);
    await live.listen(jobId, moves.put);
    await live.listen(otherId, stays.put);
    await writer.append({ jobId, attempt: 1, offset: 0, text: "kept" });
    expect(await moves.next()).toMatchObject({ text: "kept" });

    await holder.kill();
    await writer.hintChange(otherId);
    expect(await stays.next()).toEqual({ type: "change" });
    expect(await moves.next()).toEqual({ type: "gap" });
    expect(await cluster.masterOf(key)).not.toBe(holder);
    await vi.waitFor(() => writer.hintChange(jobId), { timeout: 5000 });
    expect(await moves.next()).toEqual({ type: "change" });
  });
});

/** A job whose draft is on the same node as a key. */
async function idAt(cluster: RedisCluster, key: string, same = true): Promise<string> {
  const holder = await cluster.masterOf(key);
  for (;;) {
    const jobId = randomUUID();
    if (((await cluster.masterOf(`parley:live:{${jobId}}:1`)) === holder) === same) return jobId;
  }
}

function idElsewhere(cluster: RedisCluster, key: string): Promise<string> {
  return idAt(cluster, key, false);
}

/** Processes on a Cluster that others use as well, one after the other; whatever was done to it is mended at the end. */
function openFixture({ url, servers, healthy }: RedisCluster, options: { timeoutMs?: number }): LiveFixture {
  const opened: Live[] = [];
  const errors: Error[] = [];
  const state = { away: false, frozen: false };
  const comeBack = async () => {
    state.away = false;
    await Promise.all(servers.map((server) => server.restart()));
    await healthy();
  };
  const thaw = () => {
    state.frozen = false;
    for (const server of servers) server.resume();
  };
  return {
    errors,
    open: async () => {
      const live = await createRedisLive(url, { ...options, onError: (error) => errors.push(error) });
      opened.push(live);
      return live;
    },
    cutListeners: async () => {
      await Promise.all(servers.map((server) => askRedis(server, "CLIENT", "KILL", "TYPE", "pubsub")));
    },
    goAway: async () => {
      state.away = true;
      await Promise.all(servers.map((server) => server.kill()));
    },
    comeBack,
    freeze: () => {
      state.frozen = true;
      for (const server of servers) server.pause();
    },
    thaw,
    countConnections: async () => {
      const lists = await Promise.all(servers.map((server) => askRedis(server, "CLIENT", "LIST")));
      return lists.flatMap((list) => String(list).trim().split("\n")).filter((line) => !line.includes("name=test"))
        .length;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((live) => live.close()));
      if (state.frozen) thaw();
      if (state.away) await comeBack();
      await healthy();
    },
  };
}
