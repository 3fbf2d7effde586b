import { v7 } from "uuid";
import { describe, expect, it, onTestFinished } from "vitest";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { redisAvailable } from "../testing/stores/redis.ts";
import { startRedisCluster } from "../testing/stores/redis-cluster.ts";
import { startRedisSentinel } from "../testing/stores/redis-sentinel.ts";
import { createQueueBackend } from "./create-backend.ts";
import { openJobQueue } from "./job-queue.ts";

/** A Redis whose master can stop to answer, with its connections open. */
interface Store {
  url: string;
  freezeMaster(): Promise<void>;
}

async function openCluster(): Promise<Store> {
  const cluster = await startRedisCluster({ replicas: 1 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return { url: cluster.url, freezeMaster: async () => (await cluster.masterOf("{parley}:answers:wait")).pause() };
}

async function openSentinel(): Promise<Store> {
  const sentinel = await startRedisSentinel();
  onTestFinished(() => sentinel[Symbol.asyncDispose]());
  return { url: sentinel.url, freezeMaster: async () => (await sentinel.master()).pause() };
}

describe.skipIf(!redisAvailable).each([
  { name: "a Cluster", open: openCluster },
  { name: "a server with Sentinels", open: openSentinel },
])("the queue on $name whose master falls silent", ({ open }) => {
  it("accepts and delivers after a failover without a restart", { timeout: 120_000 }, async () => {
    const store = await open();
    const backend = await createQueueBackend({ redisUrl: store.url, databaseUrl: "", log: quietLog() });
    onTestFinished(() => backend.close());
    const queue = await openJobQueue(backend, quietLog());
    onTestFinished(() => queue.close().catch(() => undefined));
    await queue.bull.waitUntilReady();
    const delivered = new Set<string | undefined>();
    // As the product's own worker does; by default it rests for 15 s after an error.
    const options = { drainDelay: 1, runRetryDelay: 500 };
    const worker = await backend.openWorker(async ({ id }) => void delivered.add(id), options);
    worker.on("error", () => undefined);
    onTestFinished(() => worker.close(true));
    await worker.waitUntilReady();
    const before = v7();
    await queue.enqueue([before]);
    await expect.poll(() => delivered, { timeout: 5000 }).toContain(before);

    await store.freezeMaster();
    const after = v7();
    await expect
      .poll(
        () =>
          queue.enqueue([after]).then(
            () => true,
            () => false,
          ),
        { timeout: 30_000, interval: 200 },
      )
      .toBe(true);
    // BullMQ gives a connection to a Cluster 30 s to come back, whatever becomes of it.
    await expect.poll(() => delivered, { timeout: 45_000 }).toContain(after);
  });
});
