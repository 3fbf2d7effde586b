import type { Pool } from "pg";
import type { FinishReason } from "../../protocol/job.ts";
import type { ReplySourceView, SourceEvent } from "../../protocol/knowledge/reply-source.ts";
import { query } from "../database.ts";
import { byIds } from "../batch-sql.ts";
import { batchedRead } from "../batched.ts";
import type { ActionCard } from "../../protocol/actions/action-card.ts";
import { cardsOfJob } from "../actions/cards.ts";
import { notedSources, sourcesOfReply } from "../replies/citations.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** A job, with the columns of its conversation that decide who may see it, and its stored reply. */
export interface JobRow extends JobColumns, Columns<"conversations", "site_id" | "visitor_hash" | "thread_id"> {
  /** Unix milliseconds, like the other times. */
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  conversationDeleted: boolean;
  replyText: string | null;
  replyFinishReason: FinishReason | null;
  replyFallback: boolean | null;
  replyAt: number | null;
  /** Passages that the stored reply rests on. */
  replySources: ReplySourceView[] | null;
  /** Citations so far of the text that is being written. Null: none, or the job is not active. */
  notedSources: SourceEvent[] | null;
  /** Cards of the actions that its reply proposes. Null unless the job is completed. */
  actions: ActionCard[] | null;
}

type JobColumns = Columns<
  "jobs",
  | "id"
  | "conversation_id"
  | "message_id"
  | "status"
  | "attempt"
  | "assistant_type"
  | "provider"
  | "error_code"
  | "input_tokens"
  | "output_tokens"
  | "cost_usd"
  | "trace"
  | "reply_attempt"
  | "reply_id"
  | "handled_by"
>;

function millis(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`;
}

export const readJobsStatement: Statement<JobRow> = {
  name: "read-jobs",
  text: `
    select jobs.id, jobs.conversation_id as "conversationId", message_id as "messageId", status, attempt,
           jobs.assistant_type as "assistantType", jobs.provider, error_code as "errorCode", handled_by as "handledBy",
           input_tokens as "inputTokens", output_tokens as "outputTokens", cost_usd as "costUsd", ${millis("jobs.created_at")} as "createdAt",
           ${millis("started_at")} as "startedAt", ${millis("finished_at")} as "finishedAt",
           conversations.deleted_at is not null as "conversationDeleted", visitor_hash as "visitorHash", site_id as "siteId",
           jobs.trace, conversations.thread_id as "threadId",
           reply_attempt as "replyAttempt", reply.id as "replyId", reply.text as "replyText",
           reply.finish_reason as "replyFinishReason", reply.fallback as "replyFallback",
           ${millis("reply.created_at")} as "replyAt", reply.sources as "replySources",
           case when status = 'active' then ${notedSources("jobs.id", "jobs.attempt")} end as "notedSources",
           case when status = 'completed' then ${cardsOfJob("jobs.id")} end as actions
    from ${byIds("jobs", "*", "$1")}
    cross join lateral (
      select deleted_at, site_id, visitor_hash, thread_id from conversations where id = jobs.conversation_id limit 1
    ) as conversations
    left join lateral (
      select id, text, finish_reason, fallback, created_at, ${sourcesOfReply("messages.id", "sender")} as sources
      from messages where id = jobs.reply_id limit 1
    ) as reply on true`,
};

/** Reads the jobs that exist, in no order. */
async function readJobs(pool: Pool, jobIds: readonly string[]): Promise<JobRow[]> {
  return query(pool, readJobsStatement, [jobIds]);
}

/** Reads one job; concurrent calls share a statement. The row is shared as well: do not change it. */
export const readJob = batchedRead(readJobs);

/** The columns of a job that change. */
type JobState = Columns<"jobs", "id" | "status" | "attempt">;

export const jobStatesStatement: Statement<JobState> = {
  name: "job-states",
  text: `select id, status, attempt from jobs where id = any($1::uuid[])`,
};

/** Reads the changing columns of many jobs in one round trip. */
export async function readJobStates(pool: Pool, jobIds: readonly string[]): Promise<JobState[]> {
  return query(pool, jobStatesStatement, [jobIds]);
}

export const positionsStatement: Statement<{ id: string; position: number }> = {
  name: "queue-positions",
  // Each job counts only from the requested one before it. So many requests together read the queue once, not once
  // each.
  text: `
    with asked as (
      select id, created_at, lag(created_at, 1, '-infinity') over (order by created_at) as previous
      from jobs where id = any($1::uuid[]) and status = 'queued'
    )
    select id, (sum((select count(*) from jobs ahead
                     where ahead.status = 'queued'
                       and ahead.created_at >= asked.previous and ahead.created_at < asked.created_at))
                over (order by created_at))::int as position
    from asked`,
};

/** Number of queued jobs accepted before each of these, over the whole service. */
export async function readPositions(pool: Pool, jobIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await query(pool, positionsStatement, [jobIds]);
  return new Map(rows.map(({ id, position }) => [id, position]));
}
