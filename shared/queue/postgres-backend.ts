import { createPostgresBackend as bullOnPostgres, isPgPool, Queue, Worker } from "bullmq";
import pg from "pg";
import type { Logger } from "../logger.ts";
import type { PostgresQueue, PostgresWorker, QueueBackend } from "./backend.ts";
import { queueName, retention } from "./options.ts";

/** BullMQ's LISTEN connections are taken from this pool, too. */
const maxConnections = 8;

export function createPostgresBackend(databaseUrl: string, log: Logger): QueueBackend {
  const pool: unknown = new pg.Pool({
    connectionString: databaseUrl,
    options: "-c search_path=bullmq",
    max: maxConnections,
    keepAlive: true,
    connectionTimeoutMillis: 1500,
    query_timeout: 3000,
  });
  // A real pool is one; @types/pg and BullMQ's own description of it do not know each other.
  if (!isPgPool(pool)) throw new TypeError("expected a pg.Pool");
  const connection = pool;
  connection.on("error", (error) => log.debug({ err: error }, "postgres connection of the queue"));
  return {
    openQueue() {
      const queue: PostgresQueue = new Queue(queueName, { connection, defaultJobOptions: retention }, bullOnPostgres);
      return queue;
    },
    openWorker(processor, options) {
      const worker: PostgresWorker = new Worker(queueName, processor, { ...options, connection }, bullOnPostgres);
      return worker;
    },
    close: () => connection.end(),
  };
}
