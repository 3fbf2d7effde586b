/**
 * Reason why a call gave no reply, stored with it. The first five are the codes of `ProviderError`; `cut`: the reply
 * broke off; `circuit_open` and `budget`: the call was not made; `deadline` and `time_slice`: the job's time, or the
 * provider's share of it, was over; `released`: the worker shut down; `lost`: another worker has the job.
 */
export type CallErrorCode =
  | "unreachable"
  | "overloaded"
  | "rejected"
  | "malformed"
  | "timeout"
  | "cut"
  | "refused_key"
  | "circuit_open"
  | "budget"
  | "deadline"
  | "time_slice"
  | "cancelled"
  | "released"
  | "lost"
  | "error";

/** It outlives the conversation, so it holds no text of the upstream: that may quote the visitor or the key. */
export interface CallFault {
  code: CallErrorCode;
  /** HTTP status of the upstream, if there was one. */
  status: number | null;
  /** Our own words. */
  detail: string | null;
}

/** A call that was not made. */
export interface SkippedCall extends CallFault {
  provider: string;
  attempt: number;
  /** Milliseconds from the run's claim. */
  afterMs: number;
}

/** State of a provider's key as one worker sees it: the age of the newest refusal and of the newest reply. */
export interface KeyReport {
  provider: string;
  refusedMsAgo: number | null;
  answeredMsAgo: number | null;
}
