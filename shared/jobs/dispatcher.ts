import { Coalescer } from "../async/coalescer.ts";
import type { Database } from "../db/database.ts";
import { markDue } from "../db/jobs/reconcile.ts";
import type { Logger } from "../logger.ts";
import type { JobQueue } from "../queue/job-queue.ts";

/**
 * Hands committed jobs to the queue without making callers wait. The rows are safe: jobs that the queue refuses are
 * marked for the reconciler. Jobs pushed while a call is in flight share the next one.
 */
export class Dispatcher {
  readonly #db: Pick<Database, "pool">;
  readonly #queue: Pick<JobQueue, "enqueue">;
  readonly #log: Logger;
  readonly #calls = new Coalescer<string, undefined>((jobIds) => this.#send(jobIds));

  constructor({ db, queue, log }: { db: Pick<Database, "pool">; queue: Pick<JobQueue, "enqueue">; log: Logger }) {
    this.#db = db;
    this.#queue = queue;
    this.#log = log;
  }

  /** Returns at once and never fails. */
  push(jobId: string): void {
    void this.#calls.add("", jobId);
  }

  /** Resolves when no call is in flight. */
  settled(): Promise<void> {
    return this.#calls.settled();
  }

  async #send(jobIds: readonly string[]): Promise<undefined[]> {
    try {
      await this.#queue.enqueue(jobIds);
    } catch (error) {
      this.#log.warn({ err: error, jobs: jobIds.length }, "the queue is down; the reconciler will enqueue these jobs");
      // Without this the reconciler would still find them, a lease later.
      await markDue(this.#db.pool, jobIds).catch((cause: unknown) => {
        this.#log.warn({ err: cause }, "could not mark jobs as due");
      });
    }
    return jobIds.map(() => undefined);
  }
}
