import type { JobRow } from "../../shared/db/read-job.ts";
import type { RunRow } from "../../shared/db/timeline.ts";
import type { TimelineView } from "../../shared/protocol/job.ts";

/** What happened to a job, as its visitor may know it: no names of machines. */
export function toTimeline(job: JobRow, runs: readonly RunRow[]): TimelineView {
  const events = runs.flatMap((run) => [
    { millis: run.claimedAt, event: "started" as const, attempt: run.attempt },
    ...(run.firstDeltaAt === null ? [] : [{ millis: run.firstDeltaAt, event: "first_delta" as const }]),
    ...(run.outcome !== "released" || run.endedAt === null
      ? []
      : [{ millis: run.endedAt, event: "given_back" as const, attempt: run.attempt }]),
  ]);
  const all = [
    { millis: job.createdAt, event: "accepted" as const },
    ...events,
    ...(job.finishedAt === null ? [] : [{ millis: job.finishedAt, event: "ended" as const }]),
  ];
  return {
    jobId: job.id,
    status: job.status,
    events: all.map(({ millis, ...event }) => ({ at: new Date(millis).toISOString(), ...event })),
  };
}
