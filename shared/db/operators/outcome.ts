import type { HandledBy } from "../../protocol/handling.ts";
import { type JobStatus, jobStatus } from "../../protocol/job.ts";

/**
 * Result of a job as operators see it: its status, or, of a completed job, that the reply is an apology (a preset,
 * because no provider answered) or another provider's than the one that was to answer. `people`: the AI left it to them.
 */
export const jobOutcomes = [...jobStatus.options, "apology", "other_provider", "people"] as const;
export type JobOutcome = (typeof jobOutcomes)[number];
export type FallbackOutcome = Exclude<JobOutcome, JobStatus | "people">;

export function isFallback(outcome: JobOutcome): outcome is FallbackOutcome {
  return outcome === "apology" || outcome === "other_provider";
}

interface EndedJob {
  jobStatus: JobStatus | null;
  /** Provider of the reply. */
  provider: string | null;
  fallback: boolean | null;
  /** Side that answered when the job ended without the AI. */
  handledBy?: HandledBy | null;
}

/** Provider of a reply that is an apology. */
export const apologizing = "preset";

export function outcomeOf({ jobStatus: status, provider, fallback, handledBy = null }: EndedJob): JobOutcome | null {
  if (handledBy !== null) return "people";
  if (!fallback) return status;
  return provider === apologizing ? "apology" : "other_provider";
}
