import { v7 as uuid } from "uuid";
import type { JobSnapshot } from "../../../shared/db/jobs/claim.ts";
import type { JobEnd } from "../../../shared/db/jobs/end.ts";
import { endJob } from "../../../shared/jobs/end-job.ts";
import { maxCrashes } from "../../../shared/tunables.ts";
import type { WorkerContext } from "../worker-context.ts";

/** True if a job that no worker holds must end instead of being answered. */
export function mustEnd({ reclaimable, cancelRequested, crashes }: JobSnapshot): boolean {
  return reclaimable && (cancelRequested || crashes >= maxCrashes);
}

/** Ends the job: as cancelled, with the text that its dead worker left in the draft, or as failed. */
export async function settleOrphan(context: WorkerContext, job: JobSnapshot): Promise<void> {
  if (!job.cancelRequested) {
    const { id: jobId, conversationId, requestId, crashes } = job;
    context.log.error({ jobId, conversationId, requestId, crashes }, "job failed: its workers crashed repeatedly");
    await end(context, job, { status: "failed", errorCode: "workers_died" });
    return;
  }
  const draft = await context.live.readDraft(job.id, job.attempt, 0).catch(() => undefined);
  const text = draft?.bytes.toString() ?? "";
  await end(context, job, {
    status: "cancelled",
    errorCode: "cancelled",
    ...(text !== "" && { reply: { id: uuid(), text, finishReason: "cancelled" as const, fallback: false } }),
  });
}

async function end(context: WorkerContext, job: JobSnapshot, how: JobEnd): Promise<void> {
  if (!(await endJob(context, job, how, { orphan: true }))) return;
  context.metrics.repaired("orphan_ended", 1);
  context.metrics.ended(how);
}
