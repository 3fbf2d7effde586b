import { createQueueBackend } from "../../shared/queue/create-backend.ts";
import { type JobQueue, openJobQueue } from "../../shared/queue/job-queue.ts";
import { createLogger } from "../../shared/logger.ts";
import type { Parley } from "./parley.ts";

const batch = 1000;

/** Opens Parley's queue with the settings of its API. */
export async function openQueue(
  stack: AsyncDisposableStack,
  { redis, databaseUrl }: Pick<Parley, "redis" | "databaseUrl">,
): Promise<JobQueue> {
  const log = await createLogger({ service: "bench", level: "silent", pretty: false });
  const backend = await createQueueBackend({ redisUrl: redis?.url, databaseUrl, log });
  stack.defer(() => backend.close());
  const queue = stack.adopt(await openJobQueue(backend, log), (opened) => opened.close());
  await queue.bull.waitUntilReady();
  return queue;
}

/** Adds jobs to Parley's queue like its API. */
export async function enqueueJobs(parley: Parley, jobIds: readonly string[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const queue = await openQueue(stack, parley);
  for (let from = 0; from < jobIds.length; from += batch) await queue.enqueue(jobIds.slice(from, from + batch));
}
