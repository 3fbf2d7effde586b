import type { JobRow } from "../../../shared/db/jobs/read-job.ts";
import { jobErrors, type JobStatus, type JobView } from "../../../shared/protocol/job.ts";

export function hasEnded(status: JobStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** Converts a job's row to the form that clients see. */
export function toJobView(
  row: JobRow,
  live: { position?: number | undefined; partial?: string | undefined } = {},
): JobView {
  return {
    jobId: row.id,
    conversationId: row.conversationId,
    messageId: row.messageId,
    status: row.status,
    attempt: row.attempt,
    ...(live.position !== undefined && { position: live.position }),
    ...(live.partial !== undefined && { partial: live.partial }),
    ...describeReply(row),
    ...(row.errorCode !== null && { error: { code: row.errorCode, message: jobErrors[row.errorCode] } }),
    ...(row.handledBy !== null && { handledBy: row.handledBy }),
    ...(row.provider !== null && { provider: row.provider, assistantId: row.assistantType, threadId: row.threadId }),
    ...(row.inputTokens !== null &&
      row.outputTokens !== null && {
        usage: { inputTokens: row.inputTokens, outputTokens: row.outputTokens, costUsd: row.costUsd },
      }),
    ...(row.actions && row.actions.length > 0 && { actions: row.actions }),
    createdAt: iso(row.createdAt),
    ...(row.startedAt !== null && { startedAt: iso(row.startedAt) }),
    ...(row.finishedAt !== null && { finishedAt: iso(row.finishedAt) }),
  };
}

function describeReply(row: JobRow): Pick<JobView, "reply"> {
  if (row.replyId === null || row.replyText === null || row.replyAt === null) return {};
  return {
    reply: {
      id: row.replyId,
      text: row.replyText,
      sender: "ai",
      timestamp: Math.trunc(row.replyAt),
      fallback: row.replyFallback ?? false,
      finishReason: row.replyFinishReason ?? "stop",
      sources: row.replySources ?? [],
    },
  };
}

function iso(millis: number): string {
  return new Date(millis).toISOString();
}
