import { claimJob, readSnapshots } from "../../shared/db/jobs/claim.ts";
import { retryRefusals } from "../../shared/db/jobs/retry.ts";
import { readRuns } from "../../shared/db/jobs/timeline.ts";
import { describeRun } from "../../shared/jobs/describe-run.ts";
import { retryJob } from "../../shared/jobs/retry-job.ts";
import { type JobErrorCode, jobErrors } from "../../shared/protocol/job.ts";
import { carryOutHandoff } from "../../shared/voices/hand-over.ts";
import { answerJob } from "./run/answer-job.ts";
import { mustEnd, settleOrphan } from "./maintenance/settle-orphan.ts";
import { untilStored } from "./run/until-stored.ts";
import type { WorkerContext } from "./worker-context.ts";

/** Verdict on a queue entry: finished, delivered again after a delay, or its job released to another worker at once. */
export type DeliveryVerdict =
  | { type: "done"; note?: string }
  | { type: "failed"; reason: string; note?: string }
  | { type: "later"; delayMs: number }
  | { type: "back"; job: { id: string; attempt: number } };

/** Margin after a lease, in milliseconds: the clocks of the database and of this machine may differ. */
const afterLeaseMs = 100;
const soonMs = 1000;

/**
 * Handles one delivery of a job. The row decides: a job that has ended, or that another run holds, is not answered
 * again.
 * @param retried true if an operator has put a failed entry back into the queue
 * @throws when the row could not be read, or its end is uncertain; the reconciler will deliver the job again
 */
export async function deliver(context: WorkerContext, jobId: string, retried = false): Promise<DeliveryVerdict> {
  // While PostgreSQL is down the entry waits here, and the queue behind it stays unchanged.
  const job = await untilStored(
    () => claimJob(context.db.pool, { jobId, reclaim: context.reclaimGuard.allowed, worker: context.worker }),
    context,
  );
  if (!job) return refuse(context, jobId, retried);
  const outcome = await answerJob(context, job);
  if (outcome.type === "released") return { type: "back", job: { id: jobId, attempt: job.attempt } };
  if (outcome.type === "lost")
    return { type: "done", note: `run ${job.run} by ${context.worker}: lost the job to another` };
  const { status, errorCode, provider, model, firstDeltaMs } = outcome.end;
  const by = provider === undefined ? "" : `, ${provider} ${model ?? ""}`.trimEnd();
  const began = firstDeltaMs === undefined ? "" : `, first text after ${firstDeltaMs} ms`;
  const before = job.run > 1 ? await describeRuns(context, jobId, job.run) : "";
  const note = `${before}run ${job.run} by ${context.worker}: ${status}${by}${began}`;
  if (status !== "failed") return { type: "done", note };
  return { ...failed(errorCode ?? "provider_unavailable"), note };
}

async function refuse(context: WorkerContext, jobId: string, retried: boolean): Promise<DeliveryVerdict> {
  const [snapshot] = await readSnapshots(context.db.pool, [jobId], { reclaim: context.reclaimGuard.allowed });
  if (!snapshot) return { type: "done" };
  if (retried && snapshot.status === "failed") return retry(context, jobId);
  if (mustEnd(snapshot)) {
    await settleOrphan(context, snapshot);
    return refuse(context, jobId, false);
  }
  // Mark the queue's record as failed too, since operators look there.
  if (snapshot.status === "failed") {
    return { ...failed(snapshot.errorCode ?? "provider_unavailable"), note: await describeRuns(context, jobId) };
  }
  // Held by another run: deliver again once that lease has expired, in case its worker dies.
  if (snapshot.status === "active") {
    const { leaseLeftMs } = snapshot;
    return { type: "later", delayMs: leaseLeftMs > 0 ? leaseLeftMs + afterLeaseMs : soonMs };
  }
  // A rule has handed the conversation to a person, or the assistant is paused: the handoff ends the job.
  if (snapshot.handoffDue || snapshot.paused) await carryOutHandoff(context, snapshot.conversationId);
  // Not the head of its conversation yet: the end of the job before it queues this one.
  return { type: "done" };
}

function failed(errorCode: JobErrorCode): Extract<DeliveryVerdict, { type: "failed" }> {
  return { type: "failed", reason: `${errorCode}: ${jobErrors[errorCode]}` };
}

/** Renders one line per run, for the queue's own record. */
async function describeRuns(
  { db, log }: Pick<WorkerContext, "db" | "log">,
  jobId: string,
  before = Infinity,
): Promise<string> {
  const runs = await readRuns(db.pool, jobId).catch((error: unknown) => {
    log.debug({ err: error, jobId }, "could not read the runs of a job");
    return [];
  });
  return runs
    .filter(({ run }) => run < before)
    .map((run) => `${describeRun(run)}\n`)
    .join("");
}

/** Handles Bull Board's retry button: the retry starts in PostgreSQL, and is refused there, like any other retry. */
async function retry(context: WorkerContext, jobId: string): Promise<DeliveryVerdict> {
  const result = await retryJob(context, jobId, { delivered: true });
  if (!result.retried) return { type: "failed", reason: `not retried: ${retryRefusals[result.reason]}` };
  return result.head ? deliver(context, jobId) : { type: "done" };
}
