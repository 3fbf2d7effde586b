import { storeRetry, type RetryResult } from "../db/jobs/retry.ts";
import type { JobContext } from "./job-context.ts";

/**
 * Retries a failed job, if its conversation still allows it, and enqueues it.
 * @param options.delivered true if a worker handles its queue entry right now, so that it needs none
 */
export async function retryJob(
  { db, queue, live, log }: Pick<JobContext, "db" | "queue" | "live" | "log">,
  jobId: string,
  { delivered = false }: { delivered?: boolean } = {},
): Promise<RetryResult> {
  const result = await storeRetry(db.pool, jobId);
  if (!result.retried) return result;
  live
    .hintChange(jobId)
    .catch((error: unknown) => log.debug({ err: error, jobId }, "could not publish the hint of a retry"));
  // Without this the reconciler would enqueue it, a little later.
  if (result.head && !delivered)
    await queue.putBack([jobId]).catch((error: unknown) => log.warn({ err: error }, "the queue is down"));
  return result;
}
