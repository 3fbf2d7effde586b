import { Lifecycle } from "../lifecycle.ts";
import type { JobContext } from "../jobs/job-context.ts";
import { openJobContext } from "../jobs/open-job-context.ts";
import type { QueueBackend } from "../queue/backend.ts";
import { createTestDatabase } from "./postgres.ts";
import { quietLog } from "./quiet-log.ts";
import { redisAvailable, startRedis, type RedisServer } from "./redis.ts";

/** What the life of a job stands on, opened as the services open it, on stores of the test's own. */
export interface TestJobContext extends JobContext, AsyncDisposable {
  backend: QueueBackend;
  databaseUrl: string;
}

/** Both ways to run the product; tests on Redis are skipped where there is none. */
export const jobStores = [
  { name: "Redis", available: redisAvailable, openJobs: openJobsOnRedis },
  { name: "PostgreSQL alone", available: true, openJobs: () => openJobs(undefined) },
] as const;

/** With the Redis itself, so that a test can make it fail. */
export async function openJobsOnRedis(): Promise<TestJobContext & { redis: RedisServer }> {
  const redis = await startRedis();
  const context = await openJobs(redis.url);
  const dispose = async () => {
    await context[Symbol.asyncDispose]();
    await redis.stop();
  };
  return { ...context, redis, [Symbol.asyncDispose]: dispose };
}

async function openJobs(redisUrl: string | undefined): Promise<TestJobContext> {
  const database = await createTestDatabase();
  const log = quietLog();
  const lifecycle = new Lifecycle(log);
  const config = { DATABASE_URL: database.url, REDIS_URL: redisUrl };
  const context = await openJobContext(config, { log, lifecycle });
  await context.queue.bull.waitUntilReady();
  const dispose = async () => {
    await lifecycle.close(1000);
    await database.drop();
  };
  return { ...context, databaseUrl: database.url, [Symbol.asyncDispose]: dispose };
}
