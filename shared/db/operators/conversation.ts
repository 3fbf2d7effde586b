import type { Pool } from "pg";
import type { FinishReason, JobErrorCode, JobStatus } from "../../protocol/job.ts";
import { query } from "../database.ts";
import type { RunRow } from "../jobs/timeline.ts";

/** A job with everything stored about it. Times are Unix milliseconds. */
export interface JobRecord {
  id: string;
  turn: number;
  status: JobStatus;
  attempt: number;
  deaths: number;
  assistantType: string;
  requestId: string | null;
  errorCode: JobErrorCode | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  runs: RunRow[];
  calls: CallRecord[];
}

export interface CallRecord {
  provider: string;
  model: string;
  attempt: number;
  begunAt: number;
  settledAt: number | null;
  outcome: string | null;
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
}

/** A message with everything stored about it. */
export interface MessageRecord {
  id: string;
  turn: number;
  sender: "user" | "ai";
  text: string;
  createdAt: number;
  imported: boolean;
  fallback: boolean;
  finishReason: FinishReason | null;
  rating: "up" | "down" | null;
  comment: string | null;
}

/** Turns shown. An operator reads the newest turns of a conversation first. */
export const turnsShown = 100;

const millis = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

const jobsStatement = {
  name: "operator-jobs",
  text: `
    select id, turn, status, attempt, deaths, assistant_type as "assistantType", request_id as "requestId",
           error_code as "errorCode", ${millis("created_at")} as "createdAt", ${millis("started_at")} as "startedAt",
           ${millis("finished_at")} as "finishedAt",
           coalesce((select json_agg(json_build_object(
             'run', run, 'attempt', attempt, 'worker', worker, 'outcome', outcome, 'claimedAt', ${millis("claimed_at")},
             'firstDeltaAt', ${millis("claimed_at")} + first_delta_ms, 'endedAt', ${millis("ended_at")}) order by run)
             from runs where job_id = jobs.id), '[]') as runs,
           coalesce((select json_agg(json_build_object(
             'provider', provider, 'model', model, 'attempt', attempt, 'begunAt', ${millis("begun_at")},
             'settledAt', ${millis("settled_at")}, 'outcome', outcome, 'inputTokens', input_tokens,
             'outputTokens', output_tokens, 'costUsd', cost_usd) order by begun_at)
             from calls where job_id = jobs.id), '[]') as calls
    from jobs where conversation_id = $1 order by turn desc limit ${turnsShown}`,
};

const messagesStatement = {
  name: "operator-messages",
  text: `
    select id, turn, sender, text, ${millis("created_at")} as "createdAt", imported, fallback,
           finish_reason as "finishReason", rating, comment
    from messages left join feedback on feedback.message_id = messages.id
    where conversation_id = $1 order by turn desc, sender limit ${2 * turnsShown}`,
};

/** Reads the newest {@link turnsShown} turns of a conversation, newest first: its jobs and its messages. */
export async function readTurns(
  pool: Pool,
  conversationId: string,
): Promise<{ jobs: JobRecord[]; messages: MessageRecord[] }> {
  const [jobs, messages] = await Promise.all([
    query<JobRecord>(pool, jobsStatement, [conversationId]),
    query<MessageRecord>(pool, messagesStatement, [conversationId]),
  ]);
  return { jobs, messages };
}
