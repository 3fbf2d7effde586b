import { claimJob, readStandings } from "../../shared/db/claim.ts";
import type { JobErrorCode } from "../../shared/protocol/job.ts";
import { answerJob } from "./answer-job.ts";
import { mustEnd, settleOrphan } from "./settle-orphan.ts";
import { untilStored } from "./until-stored.ts";
import type { WorkerContext } from "./worker-context.ts";

/** What becomes of a queue's entry: done with, delivered again after a while, or given to another worker at once. */
export type Delivery =
  | { type: "done" }
  | { type: "failed"; errorCode: JobErrorCode }
  | { type: "later"; delayMs: number }
  | { type: "back" };

/** A little more than a lease: the database's clock and this machine's need not agree. */
const afterLeaseMs = 100;
const soonMs = 1000;

/**
 * Handles one delivery of a job. The row decides: a job that has ended or is another's is not answered again.
 * @throws when the row could not be read or ended for certain; the reconciler will deliver the job again
 */
export async function deliver(context: WorkerContext, jobId: string): Promise<Delivery> {
  // While PostgreSQL is away the entry waits here, and the queue behind it stays as it is.
  const job = await untilStored(() => claimJob(context.db.pool, jobId, context.takeOvers.allowed), context);
  if (!job) return refuse(context, jobId);
  const outcome = await answerJob(context, job);
  if (outcome.type === "released") return { type: "back" };
  if (outcome.type === "ended" && outcome.end.status === "failed") {
    return { type: "failed", errorCode: outcome.end.errorCode ?? "provider_unavailable" };
  }
  return { type: "done" };
}

async function refuse(context: WorkerContext, jobId: string): Promise<Delivery> {
  const [standing] = await readStandings(context.db.pool, [jobId], context.takeOvers.allowed);
  if (!standing) return { type: "done" };
  if (mustEnd(standing)) {
    await settleOrphan(context, standing);
    return { type: "done" };
  }
  // Held by another: the entry waits until that lease is over, should its worker die.
  if (standing.status === "active") {
    const { leaseLeftMs } = standing;
    return { type: "later", delayMs: leaseLeftMs > 0 ? leaseLeftMs + afterLeaseMs : soonMs };
  }
  // Not its turn yet: the end of the job before it puts it into the queue.
  return { type: "done" };
}
