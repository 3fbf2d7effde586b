import { createPostgresBackend as bullOnPostgres, isPgPool, Queue, Worker } from "bullmq";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { within } from "../process/lifecycle.ts";
import type { Logger } from "../logger.ts";
import { openPool } from "../postgres/open-pool.ts";
import { withBackOff } from "./back-off.ts";
import type { PostgresQueue, PostgresWorker, QueueBackend } from "./backend.ts";
import { entryOptions, queueName, retention, streams } from "./options.ts";

/** BullMQ's LISTEN connections are taken from this pool, too. */
const maxConnections = 8;

export function createPostgresBackend(databaseUrl: string, log: Logger): QueueBackend {
  const own = openPool(databaseUrl, {
    searchPath: "bullmq",
    max: maxConnections,
    keepAlive: true,
    connectionTimeoutMillis: 1500,
    query_timeout: 3000,
  });
  // Each queue or worker of BullMQ that is made on it listens for good, also those that are thrown away at a start.
  own.setMaxListeners(0);
  surviveErrors(own, (error) => log.debug({ err: error }, "postgres connection of the queue"));
  const pool: unknown = own;
  // A real pool is one; @types/pg and BullMQ's own description of it do not know each other.
  if (!isPgPool(pool)) throw new TypeError("expected a pg.Pool");
  const connection = pool;
  return {
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
          new Worker(queueName, processor, { ...retention, ...options, autorun: false, connection }, (...args) =>
            withBackOff(bullOnPostgres(...args)),
          ),
        log,
      );
      worker.run().catch((error: unknown) => log.warn({ err: error }, "the queue's worker ended"));
      return worker;
    },
    async probe() {
      // Changes nothing, and is refused all the same where nothing may be changed.
      await own.query("update job set id = id where false");
    },
    close: () => connection.end(),
  };
}

/** Who holds a connection and asks nothing at the moment does not listen to it: its end would end the process. */
function surviveErrors(pool: Pool, hear: (error: Error) => void): void {
  pool.on("error", hear);
  pool.on("connect", (client) => client.on("error", hear));
}

interface Startable {
  on(event: "error", listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/** How long a start may wait for PostgreSQL. */
const readyLimitMs = 30_000;
const readyPauseMs = 250;
/** What is given up may wait for a connection that does not answer. */
const giveUpMs = 500;

/**
 * BullMQ asks PostgreSQL once whether it is ready, and keeps the answer: what was made in a bad moment is dead for ever, a
 * worker even in a loop that lets nothing else happen in its process. So such a one is thrown away and made again.
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
