import { setTimeout as sleep } from "node:timers/promises";
import { DelayedError, type Job, UnrecoverableError } from "bullmq";
import { v7 } from "uuid";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { createTestDatabase } from "../testing/stores/postgres.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { askRedis } from "../testing/stores/ask-redis.ts";
import { redisAvailable, startRedis } from "../testing/stores/redis.ts";
import { startRedisCluster, type RedisCluster } from "../testing/stores/redis-cluster.ts";
import { openTcpGate } from "../testing/processes/tcp-gate.ts";
import type { BullProcessor, QueueBackend } from "./backend.ts";
import { createQueueBackend } from "./create-backend.ts";
import { jobIdOf, type JobQueue, openJobQueue } from "./job-queue.ts";

interface Store {
  backend: QueueBackend;
  /** Completed entries that it keeps. */
  kept: number;
  /** Refuses connections, and breaks those there are. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** Keeps its connections and answers nothing. */
  freeze(): void;
  thaw(): void;
}

async function openRedisStore(): Promise<Store> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  return {
    backend: await openBackend({ redisUrl: redis.url, databaseUrl: "postgres://nobody@127.0.0.1:1/none" }),
    goAway: () => redis.kill(),
    comeBack: () => redis.restart(),
    kept: 1000,
    freeze: () => redis.pause(),
    thaw: () => redis.resume(),
  };
}

/** One for all tests: it takes seconds to start. */
let sharedCluster: Promise<RedisCluster> | undefined;
afterAll(async () => (await sharedCluster)?.[Symbol.asyncDispose]());

async function openClusterStore(): Promise<Store> {
  sharedCluster ??= startRedisCluster();
  const { url, servers, healthy } = await sharedCluster;
  await healthy();
  await Promise.all(servers.map((server) => askRedis(server, "FLUSHALL")));
  return {
    backend: await openBackend({ redisUrl: url, databaseUrl: "postgres://nobody@127.0.0.1:1/none" }),
    goAway: async () => void (await Promise.all(servers.map((server) => server.kill()))),
    comeBack: async () => {
      await Promise.all(servers.map((server) => server.restart()));
      await healthy();
    },
    kept: 1000,
    freeze: () => servers.forEach((server) => server.pause()),
    thaw: () => servers.forEach((server) => server.resume()),
  };
}

async function openPostgresStore(): Promise<Store> {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const gate = await openTcpGate(database.url);
  onTestFinished(() => gate[Symbol.asyncDispose]());
  return {
    backend: await openBackend({ redisUrl: undefined, databaseUrl: gate.url }),
    goAway: () => gate.shut(),
    comeBack: () => gate.reopen(),
    kept: 100,
    freeze: () => gate.freeze(),
    thaw: () => gate.thaw(),
  };
}

async function openBackend(urls: { redisUrl: string | undefined; databaseUrl: string }): Promise<QueueBackend> {
  const backend = await createQueueBackend({ ...urls, log: quietLog() });
  onTestFinished(() => backend.close());
  return backend;
}

async function openQueue({ backend }: Store): Promise<JobQueue> {
  const queue = await openJobQueue(backend, quietLog());
  onTestFinished(() => queue.close().catch(() => undefined));
  await queue.bull.waitUntilReady();
  return queue;
}

/** A worker that does as a test says, with one job at a time. */
async function work({ backend }: Store, processor: BullProcessor): Promise<{ close: () => Promise<void> }> {
  const worker = await backend.openWorker(processor, { concurrency: 1, drainDelay: 1 });
  worker.on("error", () => undefined);
  onTestFinished(() => worker.close(true));
  await worker.waitUntilReady();
  return { close: () => worker.close() };
}

/** Brings a new entry into a state that only a worker can bring about. An active one keeps its worker busy. */
async function entryIn(state: "active" | "delayed" | "completed" | "failed", store: Store, queue: JobQueue) {
  const jobId = v7();
  const processors: Record<typeof state, BullProcessor> = {
    active: () => new Promise<void>(() => undefined),
    delayed: async (job: Job, token?: string) => {
      await job.moveToDelayed(Date.now() + 3_600_000, token);
      throw new DelayedError();
    },
    completed: async () => undefined,
    failed: async () => {
      throw new UnrecoverableError("no");
    },
  };
  const worker = await work(store, processors[state]);
  await queue.enqueue([jobId]);
  await expect.poll(() => queue.bull.getJobState(jobId), { interval: 10 }).toBe(state);
  if (state !== "active") await worker.close();
  return jobId;
}

const empty = { waiting: 0, active: 0, delayed: 0, failed: 0, workers: 0, paused: false };

describe.each([
  { name: "Redis", open: openRedisStore, available: redisAvailable },
  { name: "a Redis Cluster", open: openClusterStore, available: redisAvailable },
  { name: "PostgreSQL", open: openPostgresStore, available: true },
])("the queue on $name", ({ open, available }) => {
  describe.runIf(available)("while its store is up", () => {
    it("accepts and counts jobs", async () => {
      const queue = await openQueue(await open());
      expect(await queue.counts()).toEqual(empty);
      await queue.enqueue([v7(), v7(), v7()]);
      await queue.enqueue([]);
      expect(await queue.counts()).toEqual({ ...empty, waiting: 3 });
    });

    it("delivers ids only, oldest first", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const jobIds = [v7(), v7(), v7()];
      await queue.enqueue(jobIds);
      const delivered: unknown[] = [];
      await work(store, async ({ id, name, data }) => void delivered.push({ id, name, data }));
      await expect.poll(() => delivered, { interval: 10 }).toHaveLength(3);
      expect(delivered).toEqual(jobIds.map((id) => ({ id, name: "answer", data: {} })));
    });

    it("leaves a known job unchanged, in any state", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const waiting = v7();
      for (const state of ["completed", "failed", "delayed", "active"] as const) {
        const jobId = await entryIn(state, store, queue);
        await queue.enqueue([jobId, jobId]);
        expect(await queue.bull.getJobState(jobId)).toBe(state);
      }
      await queue.enqueue([waiting]);
      await queue.enqueue([waiting]);
      expect(await queue.counts()).toMatchObject({ waiting: 1, active: 1, delayed: 1, failed: 1 });
    });

    it("enqueues a job again that it lost, never had or has finished", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const jobIds = [v7(), await entryIn("completed", store, queue), await entryIn("failed", store, queue)];
      await queue.putBack(jobIds);
      const states = await Promise.all(jobIds.map((jobId) => queue.bull.getJobState(jobId)));
      expect(states).toEqual(["waiting", "waiting", "waiting"]);
      const delivered = new Set<string | undefined>();
      await work(store, async ({ id }) => void delivered.add(id));
      await expect.poll(() => delivered, { interval: 10 }).toEqual(new Set(jobIds));
    });

    it("does not enqueue a job that is being delivered", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const delayed = await entryIn("delayed", store, queue);
      const active = await entryIn("active", store, queue);
      const waiting = v7();
      await queue.enqueue([waiting]);
      await queue.putBack([waiting, active, delayed]);
      expect(await queue.bull.getJobState(delayed)).toBe("delayed");
      expect(await queue.bull.getJobState(active)).toBe("active");
      expect(await queue.counts()).toMatchObject({ waiting: 1, active: 1, delayed: 1 });
    });

    it("adds another entry beside one held by a worker for an unclaimed job", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const taken = await entryIn("active", store, queue);
      const waiting = v7();
      await queue.enqueue([waiting]);
      expect(await queue.putBack([taken, waiting], { unclaimed: true })).toBe(1);
      expect(await queue.putBack([taken, waiting], { unclaimed: true })).toBe(0);
      const delivered: string[] = [];
      await work(store, async (entry) => void delivered.push(jobIdOf(entry.id ?? "")));
      await expect.poll(() => delivered, { interval: 10 }).toEqual([waiting, taken]);
    });

    it("adds a second entry beside a locked one, one per attempt, for the same job", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const id = await entryIn("active", store, queue);
      expect(await queue.enqueueDuplicate([{ id, attempt: 1 }])).toBe(1);
      expect(await queue.enqueueDuplicate([{ id, attempt: 1 }])).toBe(0);
      expect(await queue.enqueueDuplicate([{ id, attempt: 2 }])).toBe(1);
      expect(await queue.counts()).toMatchObject({ active: 1, waiting: 2 });
      const delivered: string[] = [];
      await work(store, async (entry) => void delivered.push(entry.id ?? ""));
      await expect.poll(() => delivered, { interval: 10 }).toHaveLength(2);
      expect(new Set(delivered).size).toBe(2);
      expect(delivered.map(jobIdOf)).toEqual([id, id]);
      expect(jobIdOf(id)).toBe(id);
    });

    it("enqueues hundreds again, even for concurrent callers", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const jobIds = Array.from({ length: 120 }, () => v7());
      await Promise.all([queue.putBack(jobIds), queue.putBack(jobIds.toReversed()), queue.enqueue(jobIds)]);
      expect(await queue.counts()).toMatchObject({ waiting: 120 });
    });

    it("removes entries that were not started and leaves the others", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const gone = [v7(), await entryIn("delayed", store, queue), await entryIn("completed", store, queue)];
      const active = await entryIn("active", store, queue);
      await queue.enqueue(gone.slice(0, 1));
      expect(await queue.remove([...gone, active, v7()])).toEqual([active]);
      const states = await Promise.all([...gone, active].map((jobId) => queue.bull.getJobState(jobId)));
      expect(states).toEqual(["unknown", "unknown", "unknown", "active"]);
    });

    it("keeps a bounded number of small completed entries and hardly any BullMQ events", async () => {
      const store = await open();
      const queue = await openQueue(store);
      const jobIds = Array.from({ length: 1100 }, () => v7());
      await queue.enqueue(jobIds);
      let done = 0;
      await work(store, async () => void done++);
      await expect.poll(() => done, { timeout: 20_000 }).toBe(jobIds.length);
      await expect
        .poll(() => queue.bull.getJobCounts("completed", "active"))
        .toEqual({ completed: store.kept, active: 0 });
      const [kept] = await queue.bull.getCompleted(0, 0);
      // Redis' `hash-max-listpack-value`: with a longer one an entry takes four times the memory.
      expect(JSON.stringify(kept?.opts).length).toBeLessThanOrEqual(64);
      expect(await queue.bull.getMeta()).toMatchObject({ maxLenEvents: 100 });
    });

    it("reports that an operator paused it", async () => {
      const store = await open();
      const queue = await openQueue(store);
      await queue.enqueue([v7(), v7()]);
      await queue.bull.pause();
      expect(await queue.counts()).toEqual({ ...empty, waiting: 2, paused: true });
      await queue.bull.resume();
      expect(await queue.counts()).toEqual({ ...empty, waiting: 2 });
    });

    it("accepts a write probe", async () => {
      const queue = await openQueue(await open());
      await queue.probe();
      expect(await queue.counts()).toEqual(empty);
    });

    it("counts workers", async () => {
      const store = await open();
      const queue = await openQueue(store);
      await work(store, async () => undefined);
      await work(store, async () => undefined);
      await expect.poll(() => queue.counts(), { interval: 10 }).toMatchObject({ workers: 2 });
    });
  });

  describe.runIf(available)("when its store fails", () => {
    it("rejects within about a second and works once it is back", async () => {
      const store = await open();
      const queue = await openQueue(store);
      await queue.enqueue([v7()]);
      await store.goAway();
      await failsSoon(queue);
      await store.comeBack();
      const jobId = v7();
      await expect
        .poll(
          () =>
            queue.enqueue([jobId]).then(
              () => true,
              () => false,
            ),
          { timeout: 5000 },
        )
        .toBe(true);
      expect(await queue.bull.getJobState(jobId)).toBe("waiting");
    });

    it("rejects when the store hangs, too, and works once it answers", async () => {
      const store = await open();
      const queue = await openQueue(store);
      await queue.enqueue([v7()]);
      store.freeze();
      await failsSoon(queue);
      store.thaw();
      const jobId = v7();
      await expect
        .poll(
          () =>
            queue.enqueue([jobId]).then(
              () => true,
              () => false,
            ),
          { timeout: 5000 },
        )
        .toBe(true);
      expect(await queue.bull.getJobState(jobId)).toBe("waiting");
    });

    it("closes within about a second all the same", async () => {
      const store = await open();
      const queue = await openQueue(store);
      store.freeze();
      const began = performance.now();
      await queue.close().catch(() => undefined);
      expect(performance.now() - began).toBeLessThan(2000);
      store.thaw();
    });
  });
});

/** Every call rejects, and none takes much longer than a second. */
async function failsSoon(queue: JobQueue): Promise<void> {
  const began = performance.now();
  const calls = [queue.enqueue([v7()]), queue.putBack([v7()]), queue.remove([v7()]), queue.counts()];
  const outcomes = await Promise.allSettled(calls);
  expect(outcomes.map(({ status }) => status)).toEqual(calls.map(() => "rejected"));
  expect(performance.now() - began).toBeLessThan(1900);
}

describe("queue on PostgreSQL that was down at the start", () => {
  it("works once it answers", { timeout: 30_000 }, async () => {
    const store = await openPostgresStore();
    store.freeze();
    const opening = Promise.all([openQueue(store), work(store, async () => undefined)]);
    // Longer than a connection may take: what was made first has failed by then, for good.
    const stuck = await Promise.race([opening.then(() => "open"), sleep(4000, "waiting")]);
    store.thaw();
    expect(stuck).toBe("waiting");
    const [queue] = await opening;
    const jobId = v7();
    await queue.enqueue([jobId]);
    await expect.poll(() => queue.bull.getJobState(jobId), { timeout: 5000 }).toBe("completed");
  });
});

describe("queue on Redis that was down at the start", () => {
  it.runIf(redisAvailable)("rejects until Redis is up and then works", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    await redis.kill();
    const backend = await openBackend({ redisUrl: redis.url, databaseUrl: "postgres://nobody@127.0.0.1:1/none" });
    const queue = await openJobQueue(backend, quietLog());
    onTestFinished(() => queue.close().catch(() => undefined));
    await failsSoon(queue);
    await redis.restart();
    const jobId = v7();
    await expect
      .poll(
        () =>
          queue.enqueue([jobId]).then(
            () => true,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true);
    expect(await queue.bull.getJobState(jobId)).toBe("waiting");
  });
});
