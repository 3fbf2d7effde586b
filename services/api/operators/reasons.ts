import { isFallback, outcomeOf } from "../../../shared/db/operators/outcome.ts";
import type { FoundConversation } from "../../../shared/db/operators/search/entries.ts";
import type { JobErrorCode } from "../../../shared/protocol/job.ts";
import { callReasons } from "./call-reasons.ts";

/** Reason why a job has no reply, and where to look. Visitors see less. */
const reasons: Record<JobErrorCode, string> = {
  provider_unavailable: "no provider answered, and the assistant has no preset with fallback: true",
  provider_rejected: "the provider rejected the request, or the assistant's daily budget is used up",
  deadline: "the calls took longer than JOB_DEADLINE_MS, and the assistant has no preset with fallback: true",
  workers_died: "three workers crashed while answering it: see the logs of the workers listed in its timeline",
  cancelled: "the visitor stopped it",
  deleted: "the conversation was deleted",
  taken_over: "an operator took over the conversation",
};

export function explain(errorCode: JobErrorCode | null): string {
  return errorCode === null ? "" : `${errorCode}: ${reasons[errorCode]}`;
}

/**
 * Explains why a job has no reply, or not the one that it should have.
 * @param call also why a call failed of a job that was answered all the same
 */
export function reasonOf(entry: FoundConversation, { call = false } = {}): string {
  const { errorCode, callError } = entry;
  const outcome = outcomeOf(entry);
  if (errorCode !== null && !call) return explain(errorCode);
  const tells = call || (outcome !== null && isFallback(outcome));
  return tells && callError !== null ? `${callError}: ${callReasons[callError]}` : "";
}
