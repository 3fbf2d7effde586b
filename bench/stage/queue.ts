import { createQueueBackend } from "../../shared/queue/backend.ts";
import { openJobQueue } from "../../shared/queue/job-queue.ts";
import { createLogger } from "../../shared/logger.ts";
import type { Parley } from "./parley.ts";

const batch = 1000;

/** Puts jobs into Parley's queue, as its API does. */
export async function enqueue({ redis, databaseUrl }: Parley, jobIds: readonly string[]): Promise<void> {
  const log = await createLogger({ service: "bench", level: "silent", pretty: false });
  const backend = await createQueueBackend({ redisUrl: redis?.url, databaseUrl, log });
  const queue = await openJobQueue(backend, log);
  await queue.bull.waitUntilReady();
  for (let from = 0; from < jobIds.length; from += batch) await queue.enqueue(jobIds.slice(from, from + batch));
  await queue.close();
  await backend.close();
}
