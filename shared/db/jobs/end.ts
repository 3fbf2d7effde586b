import type { Pool } from "pg";
import type { HandoffReason } from "../../protocol/handling.ts";
import type { FinishReason, JobErrorCode } from "../../protocol/job.ts";
import type { SkippedCall } from "./call-faults.ts";
import { type CallSettlement, charged, settled, settlementColumns, settlementItem } from "./calls.ts";
import type { BatchResult } from "../../async/batch/batch-work.ts";
import { byIds, skipLocked } from "../batch-sql.ts";
import { batched } from "../batched.ts";
import { type Citation, storedSources, toCitationRow } from "../replies/citations.ts";
import { query } from "../database.ts";
import type { ReadingCall } from "../actions/reading-call.ts";
import { changedByEnd, type ProposedAction, toProposalItem } from "../actions/proposals.ts";
import type { Statement } from "../../postgres/statement.ts";
import { actionCount, insertEvents } from "../../events/append.ts";

/** End of a job: a reply, an error, or both when it was cancelled part-way. */
export interface JobEnd {
  status: "completed" | "failed" | "cancelled";
  reply?: {
    id: string;
    text: string;
    finishReason: FinishReason;
    fallback: boolean;
    /** Passages that it rests on, in the order of their places. */
    sources?: readonly Citation[];
  };
  /** The site's knowledge does not answer the message. `words`: hash that groups equal questions. */
  unanswered?: { words: Buffer };
  errorCode?: JobErrorCode;
  provider?: string;
  model?: string;
  inputTokens?: number;
  outputTokens?: number;
  costUsd?: number | null;
  /** The reply was generated in the conversation's thread, which now contains this turn. */
  inThread?: boolean;
  /** Time from the claim to the first text. */
  firstDeltaMs?: number | undefined;
  /** Call that produced the reply. It is settled even if the job has already ended. */
  call?: CallSettlement | undefined;
  /** Failed replies in a row after which the conversation is handed to a person; absent: never. */
  handoffAfter?: number | undefined;
  /** Reason for which the model has handed the conversation to a person. */
  handoff?: HandoffReason | undefined;
  /** Actions that the visitor is asked about with the reply. */
  actions?: readonly ProposedAction[] | undefined;
  /** Calls that the run did not make. */
  skippedCalls?: readonly SkippedCall[];
  /** Calls of tools that read. */
  toolCalls?: readonly ReadingCall[];
}

export interface EndResult {
  /** The conversation's next job, to be enqueued now. */
  nextJobId: string | null;
  /** True if the conversation is to be handed to a person now. */
  handoffDue: boolean;
}

interface EndRow extends EndResult {
  id: string;
  /** False if the attempt was no longer current. */
  ended: boolean;
}

/**
 * SQL for the replies in a row that no provider wrote, with the one that ends. A stopped reply tells nothing, and one that
 * quotes the site's pages is an answer.
 */
const failures = `case when ending.status = 'cancelled' then failed_replies
                            when ending.status = 'failed' or fallback and coalesce(jsonb_array_length(sources), 0) = 0
                            then failed_replies + 1 else 0 end`;
/** SQL for the job to be enqueued now: none unless the AI answers. */
const nextHead = `case when conversations.handled_by = 'ai' and handoff_due is null then open_jobs[1] end`;

function endStatement(name: string, lock: string): Statement<EndRow> {
  // The conversation's row is locked first, and holds the order of its jobs. The newest version of that one row thus
  // names the next job, and a job that was just accepted cannot be missed.
  return {
    name,
    text: `
      with item as materialized (
        select * from json_to_recordset($2::json) as item(
          id uuid, "conversationId" uuid, attempt int, orphan boolean, status text, "errorCode" text, provider text, model text,
          "inputTokens" int, "outputTokens" int, "costUsd" float8, "inThread" boolean, "firstDeltaMs" int, "replyId" uuid,
          "skippedCalls" jsonb, "toolCalls" jsonb, "handoffAfter" int, handoff text, text text, "finishReason" text, fallback boolean, sources jsonb,
          actions jsonb, words text, ${settlementColumns})
      ), locked as materialized (
        select id, site_id from ${byIds("conversations", "id, site_id", "$1", lock)}
      ), held as materialized (
        select jobs.*, site_id from locked join item on item."conversationId" = locked.id
        cross join lateral (
          select id, conversation_id, message_id, turn, run, attempt, status, lease_until, action_id from jobs where id = item.id ${lock}
        ) as jobs
      ), ending as materialized (
        select item.*, held.turn, held.run, held.conversation_id, held.message_id, held.site_id, held.action_id from held join item using (id)
        where held.attempt = item.attempt and held.status = 'active'
          and (not orphan or lease_until is null or lease_until < now())
      ), ended as (
        update jobs
        set status = ending.status, error_code = "errorCode", provider = ending.provider, model = ending.model,
            input_tokens = "inputTokens", output_tokens = "outputTokens", cost_usd = "costUsd", reply_id = "replyId",
            reply_attempt = case when "replyId" is not null then ending.attempt end,
            finished_at = now(), lease_until = null, due_at = null, claims = null
        from ending where jobs.id = ending.id
      ), ran as (
        update runs set ended_at = now(), outcome = ending.status, first_delta_ms = "firstDeltaMs",
          skipped_calls = "skippedCalls", tool_calls = "toolCalls"
        from ending where runs.job_id = ending.id and runs.run = ending.run and not orphan
      ), replied as (
        insert into messages (id, conversation_id, turn, sender, text, finish_reason, fallback)
        select "replyId", conversation_id, turn, 'ai', text, "finishReason", fallback
        from ending where "replyId" is not null
      ), ${storedSources("ending")}, ${changedByEnd("ending")}, ${settled}, ${charged}, moved as (
        update conversations
        set open_jobs = array_remove(open_jobs, ending.id), updated_at = now(), failed_replies = ${failures},
            handoff_due = case when conversations.handled_by <> 'ai' then handoff_due
                               else coalesce(handoff_due, handoff, case when ${failures} >= "handoffAfter" then 'failures' end) end,
            thread_turn = case when "inThread" then ending.turn else thread_turn end,
            message_count = message_count + ("replyId" is not null)::int,
            event_seq = event_seq + 1 + ("replyId" is not null)::int + ${actionCount("changed_actions", "conversations.id")}
        from ending where conversations.id = ending.conversation_id
        returning conversations.id, conversations.site_id, event_seq, "replyId", ending.id as job, ending.status,
                  ${nextHead} as next, handoff_due is not null as due
      ), noted as (
        ${insertEvents({ from: "moved", conversation: "moved.id", site: "site_id", seq: "event_seq", message: `"replyId"`, job: "job", status: "status", actions: "changed_actions" })}
      )
      select held.id, moved.id is not null as ended, next as "nextJobId", coalesce(due, false) as "handoffDue"
      from held left join moved on moved.id = held.conversation_id`,
  };
}

export const endOneStatement = endStatement("end-job", "for no key update");
export const endBatchStatement = endStatement("end-jobs", skipLocked);

interface StoredEnd {
  job: { id: string; conversationId: string; attempt: number };
  end: JobEnd;
  /** True if the job ends only where no worker holds it. */
  orphan?: boolean;
}

/** @returns results by position; `undefined`: one of its rows was locked and skipped, or does not exist */
async function endJobs(
  pool: Pool,
  statement: Statement<EndRow>,
  ends: readonly StoredEnd[],
): Promise<BatchResult<EndResult | undefined>[]> {
  const items = ends.map(
    ({ job: { id, conversationId, attempt }, end: { reply, call, unanswered, actions, ...end }, orphan = false }) => ({
      ...end,
      inThread: end.inThread ?? false,
      id,
      conversationId,
      attempt,
      orphan,
      replyId: reply?.id,
      text: reply?.text,
      finishReason: reply?.finishReason,
      fallback: reply?.fallback ?? false,
      sources: reply?.sources?.map(toCitationRow),
      actions: actions?.map(toProposalItem),
      words: unanswered?.words.toString("hex"),
      ...settlementItem(call),
    }),
  );
  const values = [ends.map(({ job }) => job.conversationId), JSON.stringify(items)];
  const rows = await query(pool, statement, values);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ends.map(({ job }) => {
    const row = found.get(job.id);
    const { nextJobId, handoffDue } = row ?? { nextJobId: null, handoffDue: false };
    return row && { result: row.ended ? { nextJobId, handoffDue } : undefined };
  });
}

/**
 * Ends an active job: its status, its reply and the next head change together, or not at all. Concurrent calls share a
 * statement.
 * @returns `undefined`: the attempt was no longer current, and nothing was written
 */
export const storeJobEnd = batched({
  keyOf: ({ job }: StoredEnd) => job.conversationId,
  runBatch: (pool, ends) => endJobs(pool, endBatchStatement, ends),
  runOne: async (pool, one) => (await endJobs(pool, endOneStatement, [one]))[0]?.result,
});

export const findEndStatement: Statement<EndResult> = {
  name: "find-end",
  text: `
    select ${nextHead} as "nextJobId", handoff_due is not null as "handoffDue" from jobs join conversations on conversations.id = jobs.conversation_id
    where jobs.id = $1 and attempt = $2 and status = $3 and reply_id is not distinct from $4::uuid
      and jobs.handled_by is null`,
};

/** Detects that an earlier try committed although its response was lost. Reply ids are unique, so a match is ours. */
export async function findEnd(
  pool: Pool,
  job: { id: string; attempt: number },
  { status, reply }: JobEnd,
): Promise<EndResult | undefined> {
  const values = [job.id, job.attempt, status, reply?.id ?? null];
  const [result] = await query(pool, findEndStatement, values);
  return result;
}

export const cancelQueuedStatement: Statement<EndResult> = {
  name: "cancel-queued-job",
  text: `
    with locked as materialized (
      select id from conversations where id = $2 for update
    ), ended as (
      update jobs set status = 'cancelled', error_code = 'cancelled', finished_at = now(), due_at = null, claims = null
      from locked where jobs.id = $1 and jobs.status = 'queued'
      returning jobs.conversation_id, jobs.action_id
    ), withdrawn as (
      update actions set state = 'withdrawn', ended_at = now()
      where id = any(array(select action_id from ended where action_id is not null)) and state = 'confirmed'
      returning id, conversation_id, no as place
    ), moved as (
      update conversations
      set open_jobs = array_remove(open_jobs, $1), updated_at = now(),
          event_seq = event_seq + 1 + ${actionCount("withdrawn", "conversations.id")}
      from ended where conversations.id = ended.conversation_id
      returning conversations.id, site_id, event_seq, ${nextHead} as next, handoff_due is not null as due
    ), noted as (
      ${insertEvents({ from: "moved", conversation: "moved.id", site: "site_id", seq: "event_seq", job: "$1::uuid", status: "'cancelled'", actions: "withdrawn" })}
    )
    select next as "nextJobId", due as "handoffDue" from moved`,
};

/** Ends a job that no worker has claimed; `undefined`: it is not queued. */
export async function cancelQueuedJob(
  pool: Pool,
  job: { id: string; conversationId: string },
): Promise<EndResult | undefined> {
  const [result] = await query(pool, cancelQueuedStatement, [job.id, job.conversationId]);
  return result;
}

export const requestCancelStatement: Statement<{ id: string }> = {
  name: "request-cancel",
  text: `
    update jobs set cancel_requested_at = coalesce(cancel_requested_at, now())
    where id = $1 and status = 'active' returning id`,
};

/**
 * Asks the worker of an active job to stop; the worker reads this at its next renewal. `false`: the job is not active.
 */
export async function requestCancel(pool: Pool, jobId: string): Promise<boolean> {
  return (await query(pool, requestCancelStatement, [jobId])).length === 1;
}
