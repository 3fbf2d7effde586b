import { findEnd, type JobEnd, storeJobEnd } from "../db/jobs/end.ts";
import { carryOutHandoff } from "../voices/hand-over.ts";
import type { JobContext } from "./job-context.ts";

/**
 * Ends an active job, notifies its followers, and enqueues the conversation's next job.
 * @param options.orphan only if no worker holds the job
 * @returns whether this call ended it; `false`: the attempt was no longer current
 * @throws when PostgreSQL is down; the job may have ended or not, and the same call may be repeated
 */
export async function endJob(
  context: JobContext,
  job: { id: string; conversationId: string; attempt: number },
  end: JobEnd,
  options: { orphan?: boolean } = {},
): Promise<boolean> {
  const { pool } = context.db;
  // The response to an earlier try may have been lost: then its follow-up steps are still to be done.
  const result = (await storeJobEnd(pool, { job, end, ...options })) ?? (await findEnd(pool, job, end));
  if (!result) return false;
  if (result.nextJobId !== null) context.dispatcher.push(result.nextJobId);
  notifyEnd(context, job);
  if (result.handoffDue) {
    // A crash before it leaves the handoff due, and the reconciler carries it out.
    await carryOutHandoff(context, job.conversationId).catch((error: unknown) => {
      context.log.warn({ err: error, jobId: job.id }, "could not hand over a conversation");
    });
  }
  return true;
}

/**
 * Sends the hint of an end. The row is decisive: a follower that misses the hint reads it within seconds, and an
 * unneeded draft expires.
 */
function notifyEnd({ live, log }: JobContext, job: { id: string; attempt: number }): void {
  const ignore = (error: unknown) =>
    log.debug({ err: error, jobId: job.id }, "could not publish the hint of a job's end");
  live.hintChange(job.id).catch(ignore);
  live.dropDraft(job.id, job.attempt).catch(ignore);
}
