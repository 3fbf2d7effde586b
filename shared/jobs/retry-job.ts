import { retryJob as writeRetry, type RetryResult } from "../db/jobs/retry.ts";
import type { JobContext } from "./job-context.ts";

/** Retries a failed job, if its conversation still allows it, and enqueues it. */
export async function retryJob(
  { db, queue, live, log }: Pick<JobContext, "db" | "queue" | "live" | "log">,
  jobId: string,
): Promise<RetryResult> {
  const result = await writeRetry(db.pool, jobId);
  if (!result.retried) return result;
  live
    .hintChange(jobId)
    .catch((error: unknown) => log.debug({ err: error, jobId }, "could not publish the hint of a retry"));
  // Without this the reconciler would enqueue it, a little later.
  if (result.head)
    await queue.putBack([jobId]).catch((error: unknown) => log.warn({ err: error }, "the queue is down"));
  return result;
}
