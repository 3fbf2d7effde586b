import { createPostgresBackend as bullOnPostgres, isPgPool, Queue, Worker } from "bullmq";
import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../async/within.ts";
import type { Logger } from "../logger.ts";
import { openPool } from "../postgres/open-pool.ts";
import { databaseConnectMs, databaseQueryMs } from "../tunables.ts";
import { withBackOff } from "./back-off.ts";
import type { PostgresQueue, PostgresWorker, QueueBackend } from "./backend.ts";
import { entryOptions, retentionOnPostgres, streams } from "./options.ts";

/** Maximum connections. BullMQ's LISTEN connections also come from this pool. */
const maxConnections = 8;

export function createPostgresBackend(
  databaseUrl: string,
  { queue: queueName, log }: { queue: string; log: Logger },
): QueueBackend {
  const own = openPool(databaseUrl, {
    searchPath: "bullmq",
    max: maxConnections,
    keepAlive: true,
    connectionTimeoutMillis: databaseConnectMs,
    query_timeout: databaseQueryMs,
    onLost: (error) => log.debug({ err: error }, "PostgreSQL connection of the queue failed"),
  });
  // Each queue or worker of BullMQ adds listeners to the pool for good, also those discarded at a start.
  own.setMaxListeners(0);
  const pool: unknown = own;
  // A real pool is one; @types/pg and BullMQ's own type of it are unrelated.
  if (!isPgPool(pool)) throw new TypeError("expected a pg.Pool");
  const connection = pool;
  return {
    // BullMQ makes and drops two temporary tables for each bulk, and leaves dead rows in the system's catalogs.
    bulkFrom: 9,
    openQueue() {
      return untilReady(
        (): PostgresQueue =>
          new Queue(queueName, { connection, defaultJobOptions: entryOptions, streams }, bullOnPostgres),
        log,
      );
    },
    async openWorker(processor, options) {
      const worker = await untilReady(
        (): PostgresWorker =>
          new Worker(
            queueName,
            processor,
            { ...retentionOnPostgres, ...options, autorun: false, connection },
            (...args) => withBackOff(bullOnPostgres(...args)),
          ),
        log,
      );
      worker.run().catch((error: unknown) => log.warn({ err: error }, "the queue's worker ended"));
      return worker;
    },
    async probe() {
      // Changes nothing, yet is refused by a server that refuses writes.
      await own.query("update job set id = id where false");
    },
    close: () => connection.end(),
  };
}

interface Startable {
  on(event: "error", listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/** Maximum time a start waits for PostgreSQL. */
const readyLimitMs = 30_000;
const readyPauseMs = 250;
/** Time limit for closing a discarded object, which may wait for a connection that does not answer. */
const giveUpMs = 500;

/**
 * Retries the creation of a BullMQ object until PostgreSQL is ready. BullMQ asks once whether it is, and caches the
 * answer: an object created in an outage is dead forever, and a worker even blocks its process in a loop. So such an
 * object is discarded and created again.
 */
async function untilReady<T extends Startable>(make: () => T, log: Logger): Promise<T> {
  const deadline = performance.now() + readyLimitMs;
  for (;;) {
    const made = make();
    made.on("error", (error) => log.debug({ err: error }, "queue"));
    try {
      await made.waitUntilReady();
      return made;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await within(giveUpMs, made.close()).catch(() => undefined);
      await sleep(readyPauseMs);
    }
  }
}
