import { setTimeout as sleep } from "node:timers/promises";
import { DelayedError, type Job, UnrecoverableError, WaitingError } from "bullmq";
import { within } from "../../shared/async/within.ts";
import type { BullWorker, QueueBackend } from "../../shared/queue/backend.ts";
import { jobIdOf } from "../../shared/queue/job-queue.ts";
import { entryLock } from "../../shared/queue/options.ts";
import { queueCloseMs } from "../../shared/tunables.ts";
import { deliver } from "./deliver.ts";
import type { WorkerContext } from "./worker-context.ts";

export interface Consumer {
  readonly takesJobs: boolean;
  /** Stops taking jobs, lets jobs in flight end within `drainMs`, and releases the rest. */
  close(drainMs: number): Promise<void>;
}

/** Time within which an entry taken during the close shows up. */
const lateEntryMs = 100;

export async function startConsumer(context: WorkerContext, backend: QueueBackend): Promise<Consumer> {
  let draining = false;
  const bull: BullWorker = await backend.openWorker(
    async (job: Job, token?: string) => {
      if (draining) return giveBack(job, token);
      const delivery = await deliver(context, deliveredJob(job), job.attemptsMade > 0);
      if (delivery.type === "back") return passOn(context, delivery.job, job, token);
      if (delivery.type === "later") {
        // Round up to whole milliseconds: PostgreSQL rejects fractions here, and the entry would fail.
        await job.moveToDelayed(Date.now() + Math.ceil(delivery.delayMs), token);
        throw new DelayedError();
      }
      // Affects the queue's record only: the row has ended, and BullMQ must not retry it.
      if (delivery.note !== undefined) await job.log(delivery.note).catch(() => undefined);
      if (delivery.type === "failed") throw new UnrecoverableError(delivery.reason);
    },
    { ...entryLock, concurrency: context.config.WORKER_CONCURRENCY },
  );
  bull.on("error", (error: Error) => {
    context.metrics.queueFailed();
    context.log.warn({ err: error }, "could not fetch jobs from the queue");
  });

  return {
    get takesJobs() {
      return !draining && bull.isRunning();
    },
    async close(drainMs) {
      draining = true;
      const closed = bull.close();
      await sleep(lateEntryMs);
      await within(drainMs, context.leases.idle()).catch(async () => {
        context.leases.stopAll("released");
        // Wait on: a finished reply is still being stored, and it exists nowhere else.
        await context.leases.idle();
      });
      await within(queueCloseMs, closed);
    },
  };
}

async function giveBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/**
 * Gives back the entry of a released job. A worker that the queue has given it to meanwhile puts it off until our lease
 * would have ended, so a second entry goes ahead of it. On Redis the queue refuses what is no longer ours, on PostgreSQL
 * it does nothing and says nothing.
 */
async function passOn(
  { queue }: WorkerContext,
  released: { id: string; attempt: number },
  job: Job,
  token: string | undefined,
): Promise<never> {
  try {
    return await giveBack(job, token);
  } finally {
    if ((await job.getState()) !== "waiting") await queue.enqueueDuplicate([released]);
  }
}

function deliveredJob({ id }: Job): string {
  if (id === undefined) throw new UnrecoverableError("an entry without an id");
  return jobIdOf(id);
}
