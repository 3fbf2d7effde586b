import type { CallErrorCode } from "../../../shared/db/jobs/call-faults.ts";

/** Reasons of calls without a reply, and what to do. */
export const callReasons: Record<CallErrorCode, string> = {
  unreachable: "the provider could not be reached",
  overloaded: "the provider is overloaded or failing, or limits the rate",
  rejected: "the provider rejects this request, and would reject it again",
  malformed: "the answer breaks the rules of the provider's API",
  timeout: "the provider took too long",
  cut: "the reply broke off before its end",
  refused_key: "the provider refuses the API key: check the key and its permissions",
  circuit_open: "skipped, since the provider was down a moment ago",
  budget: "the assistant's budget of the day is used up: see budget in config/assistants.json",
  deadline: "the job's time was over: see JOB_DEADLINE_MS",
  time_slice: "the rest of the job's time was kept for the next provider",
  cancelled: "the visitor stopped the reply",
  released: "the worker shut down and gave the job back",
  lost: "another worker had taken the job over",
  error: "an unexpected error: see the worker's log",
};
