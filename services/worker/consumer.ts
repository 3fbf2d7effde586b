import { setTimeout as sleep } from "node:timers/promises";
import { DelayedError, type Job, UnrecoverableError, WaitingError } from "bullmq";
import { within } from "../../shared/process/lifecycle.ts";
import type { BullWorker, QueueBackend } from "../../shared/queue/backend.ts";
import { jobIdOf } from "../../shared/queue/job-queue.ts";
import { deliver } from "./deliver.ts";
import type { WorkerContext } from "./worker-context.ts";

export interface Consumer {
  readonly takesJobs: boolean;
  /** Takes no more, lets what is under way end until `drainMs` are over, and gives the rest back. */
  close(drainMs: number): Promise<void>;
}

/**
 * BullMQ's own lock decides only when it delivers an entry again after a crash; whether a job may then be answered is a
 * matter of our lease. Its stalled check must never end a job, so its count has no limit.
 */
const lock = {
  lockDuration: 10_000,
  stalledInterval: 5000,
  maxStalledCount: 2 ** 31 - 1,
  // A short outage of PostgreSQL stops the worker for so long; the default is 15 s.
  runRetryDelay: 500,
  // Seconds; a frozen worker can swallow a wake-up, and a job would wait that long.
  drainDelay: 1,
};

/** BullMQ waits for its store without limit; what is left when that is away comes back by its lock. */
const closeMs = 3000;
/** An entry that was just taken while the worker closes shows up within this. */
const lateEntryMs = 100;

export async function startConsumer(context: WorkerContext, backend: QueueBackend): Promise<Consumer> {
  let draining = false;
  const bull: BullWorker = await backend.openWorker(
    async (job: Job, token?: string) => {
      if (draining) return giveBack(job, token);
      const delivery = await deliver(context, deliveredJob(job), job.attemptsMade > 0);
      if (delivery.type === "back") return giveBack(job, token);
      if (delivery.type === "later") {
        // Whole milliseconds: PostgreSQL takes no others here, and the entry would fail.
        await job.moveToDelayed(Date.now() + Math.ceil(delivery.delayMs), token);
        throw new DelayedError();
      }
      // Only the queue's own record: the row has ended, and nothing is tried again by itself.
      if (delivery.note !== undefined) await job.log(delivery.note).catch(() => undefined);
      if (delivery.type === "failed") throw new UnrecoverableError(delivery.reason);
    },
    { ...lock, concurrency: context.config.WORKER_CONCURRENCY },
  );
  bull.on("error", (error: Error) => {
    context.metrics.queueFailed();
    context.log.warn({ err: error }, "the queue gave no work");
  });

  return {
    get takesJobs() {
      return !draining && bull.isRunning();
    },
    async close(drainMs) {
      draining = true;
      const closed = bull.close();
      await sleep(lateEntryMs);
      const drained = await Promise.race([
        context.leases.idle().then(() => true),
        sleep(drainMs, false, { ref: false }),
      ]);
      if (!drained) {
        context.leases.stopAll("released");
        // A finished reply is still being stored: it exists nowhere else.
        await context.leases.idle();
      }
      await within(closeMs, closed);
    },
  };
}

async function giveBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

function deliveredJob({ id }: Job): string {
  if (id === undefined) throw new UnrecoverableError("an entry without an id");
  return jobIdOf(id);
}
