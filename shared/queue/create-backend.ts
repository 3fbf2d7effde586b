import type { Logger } from "../logger.ts";
import type { QueueBackend } from "./backend.ts";

interface BackendOptions {
  redisUrl: string | undefined;
  databaseUrl: string;
  log: Logger;
}

/** Creates the backend. Loads only the client that is used. */
export async function createQueueBackend({ redisUrl, databaseUrl, log }: BackendOptions): Promise<QueueBackend> {
  if (redisUrl !== undefined) {
    const { createRedisBackend } = await import("./redis-backend.ts");
    return createRedisBackend(redisUrl, log);
  }
  const { createPostgresBackend } = await import("./postgres-backend.ts");
  return createPostgresBackend(databaseUrl, log);
}
