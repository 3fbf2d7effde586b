import type { Logger } from "../logger.ts";
import type { QueueBackend } from "./backend.ts";
import { queueName } from "./options.ts";

interface BackendOptions {
  redisUrl: string | undefined;
  databaseUrl: string;
  log: Logger;
  /** Name of the queue; that of replies by default. */
  queue?: string;
}

/** Creates the backend. Loads only the client that is used. */
export async function createQueueBackend({
  redisUrl,
  databaseUrl,
  log,
  queue = queueName,
}: BackendOptions): Promise<QueueBackend> {
  if (redisUrl !== undefined) {
    const { createRedisBackend } = await import("./redis-backend.ts");
    return createRedisBackend(redisUrl, { queue, log });
  }
  const { createPostgresBackend } = await import("./postgres-backend.ts");
  return createPostgresBackend(databaseUrl, { queue, log });
}
