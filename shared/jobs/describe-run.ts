import type { RunRow } from "../db/jobs/timeline.ts";

/** Formats one claim of a job as a line for operators. */
export function describeRun({ run, attempt, worker, claimedAt, firstDeltaAt, endedAt, outcome }: RunRow): string {
  const began = firstDeltaAt === null ? "" : `, first text ${isoTime(firstDeltaAt)}`;
  const ended = outcome === null ? "under way, or its worker died" : outcome;
  const at = endedAt === null ? "" : ` ${isoTime(endedAt)}`;
  return `run ${run} by ${worker}: attempt ${attempt}, claimed ${isoTime(claimedAt)}${began}, ${ended}${at}`;
}

function isoTime(millis: number): string {
  return new Date(millis).toISOString();
}
