import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { QueueBackend } from "../../../../shared/queue/backend.ts";
import { createQueueBackend } from "../../../../shared/queue/create-backend.ts";
import { type JobQueue, openJobQueue } from "../../../../shared/queue/job-queue.ts";
import { knowledgeQueueName } from "../../../../shared/queue/options.ts";
import { Random } from "../../../chaos/random.ts";
import type { ServiceProcess } from "../../harness/processes.ts";
import { eventually, onEachBackend } from "../../harness/suite.ts";
import { type Crawl, startCrawl } from "./crawl.ts";
import { openTestPool } from "../../../../shared/testing/stores/postgres.ts";

const env = { FETCH_ALLOW_PRIVATE: "127.0.0.0/8", KNOWLEDGE_PAUSE_MS: "0" };
const log = pino({ level: "silent" });
const kills = 10;

onEachBackend("a crawl of ten odd sites", { apis: 0, workers: 0, env }, (product) => {
  let pool: pg.Pool;
  let backend: QueueBackend;
  let queue: JobQueue;
  beforeAll(async () => {
    const { databaseUrl, redis } = product();
    pool = openTestPool(databaseUrl, 4);
    backend = await createQueueBackend({ redisUrl: redis?.url, databaseUrl, log, queue: knowledgeQueueName });
    queue = await openJobQueue(backend, log);
  });
  afterAll(async () => {
    await queue.close();
    await backend.close();
    await pool.end();
  });
  afterEach(() => running?.kill());

  let running: ServiceProcess | undefined;
  const startKnowledge = async ({ ports }: Crawl) => {
    running = await product().startKnowledge({ FETCH_PORTS: ports });
  };

  it("stores the expected documents, through all changes of the sites", { timeout: 180_000 }, async () => {
    await using crawl = await startCrawl(pool, queue);
    await startKnowledge(crawl);
    expect(await crawl.finish()).toEqual([]);
  });

  it("stores the same when it is killed at ten random points", { timeout: 300_000 }, async () => {
    await using crawl = await startCrawl(pool, queue);
    const random = new Random(4711);
    await startKnowledge(crawl);
    const finished = crawl.finish({ repeats: kills });
    for (let kill = 1; kill <= kills; kill += 1) {
      const point = crawl.requests() + random.between(1, 8);
      await eventually(`request ${point}, where kill ${kill} is due`, () => crawl.requests() >= point, 90_000);
      await sleep(random.between(0, 30));
      await running?.kill();
      // Without this, the next process waits for the lease of the dead one, and for its lock in the queue.
      await pool.query("update knowledge_sources set lease_until = now() where lease_until is not null");
      await startKnowledge(crawl);
      await crawl.wake();
    }
    expect(await finished).toEqual([]);
  });
});
