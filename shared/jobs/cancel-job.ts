import { cancelQueuedJob, requestCancel } from "../db/jobs/end.ts";
import type { JobContext } from "./job-context.ts";

/**
 * Stops a job. A queued job ends here. The worker of an active job is asked to stop: by a column it reads within a
 * second, and by a hint that is faster.
 */
export async function cancelJob(
  { db, queue, dispatcher, live, log }: JobContext,
  job: { id: string; conversationId: string },
): Promise<"cancelled" | "stopping" | "ended"> {
  const ignore = (error: unknown) => log.debug({ err: error, jobId: job.id }, "could not publish the hint of a cancel");
  const ended = await cancelQueuedJob(db.pool, job);
  if (ended) {
    if (ended.nextJobId !== null) dispatcher.push(ended.nextJobId);
    live.hintChange(job.id).catch(ignore);
    queue.remove([job.id]).catch(ignore);
    return "cancelled";
  }
  // A status only moves forward: a job that is no longer queued is active or has ended.
  if (!(await requestCancel(db.pool, job.id))) return "ended";
  live.hintCancel(job.id).catch(ignore);
  return "stopping";
}
