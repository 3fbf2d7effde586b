import type { Config } from "../config/config.ts";
import { openDatabase } from "../db/database.ts";
import { waitForDatabase } from "../db/schema/readiness.ts";
import { createHistoryCache } from "../history-cache/create-history-cache.ts";
import type { Lifecycle } from "../process/lifecycle.ts";
import { createLive } from "../live/create-live.ts";
import type { Logger } from "../logger.ts";
import type { QueueBackend } from "../queue/backend.ts";
import { createQueueBackend } from "../queue/create-backend.ts";
import { openJobQueue } from "../queue/job-queue.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { JobContext } from "./job-context.ts";
import { databaseWaitMs } from "../tunables.ts";

/** Opens PostgreSQL, the live channel, the history cache and the queue of one process; `lifecycle` closes them in reverse. */
export async function openJobContext(
  config: Pick<Config, "DATABASE_URL" | "REDIS_URL"> &
    Partial<Pick<Config, "DATABASE_CONNECTIONS" | "DATABASE_POOLER">>,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): Promise<JobContext & { backend: QueueBackend }> {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = config;
  const db = openDatabase(databaseUrl, log, {
    ...(config.DATABASE_CONNECTIONS !== undefined && { connections: config.DATABASE_CONNECTIONS }),
    ...(config.DATABASE_POOLER !== undefined && { pooler: config.DATABASE_POOLER }),
  });
  lifecycle.onClose("database", () => db.close());
  await waitForDatabase(db, { limitMs: databaseWaitMs, log });

  const onError = (error: Error) => log.debug({ err: error }, "live channel failed");
  if (redisUrl !== undefined) {
    const { requireRedisDatabase } = await import("../redis/require-database.ts");
    await requireRedisDatabase(redisUrl);
  }
  const live = await createLive({ redisUrl, pool: db.pool, databaseUrl, onError });
  lifecycle.onClose("live channel", () => live.close());
  const historyCache = await createHistoryCache({
    redisUrl,
    onError: (error) => log.debug({ err: error }, "history cache"),
  });
  lifecycle.onClose("history cache", () => historyCache.close());

  const backend = await createQueueBackend({ redisUrl, databaseUrl, log });
  lifecycle.onClose("queue backend", () => backend.close());
  const queue = await openJobQueue(backend, log);
  lifecycle.onClose("queue", () => queue.close());

  const dispatcher = new Dispatcher({ db, queue, log });
  lifecycle.onClose("dispatcher", () => dispatcher.settled());
  return { db, queue, dispatcher, live, historyCache, log, backend };
}
