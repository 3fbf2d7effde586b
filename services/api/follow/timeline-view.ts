import type { JobRow } from "../../../shared/db/jobs/read-job.ts";
import type { Restart, RunRow } from "../../../shared/db/jobs/timeline.ts";
import type { TimelineView } from "../../../shared/protocol/job.ts";
import { traceIdOf } from "../../../shared/tracing/traceparent.ts";

/** Lists a job's history for its visitor, without names of machines. */
export function toTimeline(job: JobRow, runs: readonly RunRow[], restarts: readonly Restart[]): TimelineView {
  const events = runs.flatMap((run) => [
    { millis: run.claimedAt, event: "started" as const, attempt: run.attempt },
    ...(run.firstDeltaAt === null ? [] : [{ millis: run.firstDeltaAt, event: "first_delta" as const }]),
    ...(run.outcome !== "released" || run.endedAt === null
      ? []
      : [{ millis: run.endedAt, event: "given_back" as const, attempt: run.attempt }]),
  ]);
  const all = [
    { millis: job.createdAt, event: "accepted" as const },
    // One statement stores the message and queues its job.
    { millis: job.createdAt, event: "queued" as const },
    ...[...events, ...restarts.map(({ attempt, at }) => ({ millis: at, event: "started" as const, attempt }))].toSorted(
      (one, other) => one.millis - other.millis,
    ),
    ...(job.finishedAt === null || job.replyId === null ? [] : [{ millis: job.finishedAt, event: "stored" as const }]),
    ...(job.finishedAt === null ? [] : [{ millis: job.finishedAt, event: "ended" as const }]),
  ];
  const traceId = traceIdOf(job.trace);
  return {
    jobId: job.id,
    status: job.status,
    ...(traceId !== undefined && { traceId }),
    events: all.map(({ millis, ...event }) => ({ at: new Date(millis).toISOString(), ...event })),
  };
}
