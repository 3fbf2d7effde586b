import type { Pool } from "pg";
import type { ExportedConversation, ExportedJob, ExportedMessage } from "../../protocol/export.ts";
import { query } from "../database.ts";

/** Formats a time like `Date.toISOString`; PostgreSQL's own notation in JSON has microseconds and an offset. */
function iso(column: string): string {
  return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

const headStatement = {
  name: "export-conversation",
  text: `
    select id, assistant_type as "assistantType", provider, metadata, visitor_hash is not null as "verifiedVisitor",
           case when thread_id is not null then
             json_build_object('provider', thread_provider, 'id', thread_id, 'adopted', thread_adopted) end as thread,
           message_count as "messageCount", ${iso("created_at")} as "createdAt", ${iso("updated_at")} as "updatedAt",
           next_turn - 1 as "lastTurn"
    from conversations where id = $1 and deleted_at is null`,
};

/** @returns `undefined`: there is none, or it was deleted */
export async function readConversationToExport(
  pool: Pool,
  conversationId: string,
): Promise<{ conversation: ExportedConversation; lastTurn: number } | undefined> {
  const [row] = await query<ExportedConversation & { lastTurn: number }>(pool, headStatement, [conversationId]);
  if (!row) return undefined;
  const { lastTurn, ...conversation } = row;
  return { conversation, lastTurn };
}

/** A range of turns in a conversation: after one, up to another. */
export interface TurnRange {
  conversationId: string;
  after: number;
  upTo: number;
}

const messagesStatement = {
  name: "export-messages",
  text: `
    select id, turn, sender, text, imported, fallback, finish_reason as "finishReason", ${iso("created_at")} as "createdAt",
           case when message_id is not null then
             json_build_object('rating', rating, 'comment', comment, 'ratedAt', ${iso("rated_at")}) end as feedback
    from messages left join feedback on message_id = messages.id
    where conversation_id = $1 and turn > $2 and turn <= $3
    order by turn, sender desc`,
};

/** Reads the messages of a range of turns, in order. */
export async function readMessagesToExport(pool: Pool, range: TurnRange): Promise<ExportedMessage[]> {
  return query<ExportedMessage>(pool, messagesStatement, [range.conversationId, range.after, range.upTo]);
}

const jobsStatement = {
  name: "export-jobs",
  // The worker's host is left out: visitors do not need it.
  text: `
    select id, turn, message_id as "messageId", reply_id as "replyId", status, attempt,
           assistant_type as "assistantType", provider_override as "providerAsked", provider, model,
           error_code as error, input_tokens as "inputTokens", output_tokens as "outputTokens", cost_usd as "costUsd",
           request_id as "requestId", ${iso("created_at")} as "createdAt", ${iso("started_at")} as "startedAt",
           ${iso("finished_at")} as "finishedAt",
           (select coalesce(json_agg(json_build_object(
              'claimedAt', ${iso("claimed_at")}, 'firstDeltaMs', first_delta_ms, 'endedAt', ${iso("ended_at")},
              'outcome', outcome) order by run), '[]')
            from runs where runs.job_id = jobs.id) as runs,
           (select coalesce(json_agg(json_build_object(
              'provider', calls.provider, 'model', calls.model, 'begunAt', ${iso("begun_at")},
              'settledAt', ${iso("settled_at")}, 'outcome', outcome, 'inputTokens', calls.input_tokens,
              'cachedInputTokens', cached_input_tokens, 'cacheWriteTokens', cache_write_tokens,
              'outputTokens', calls.output_tokens, 'estimated', estimated, 'costUsd', calls.cost_usd)
              order by begun_at), '[]')
            from calls where calls.job_id = jobs.id) as calls
    from jobs
    where conversation_id = $1 and turn > $2 and turn <= $3
    order by turn`,
};

/** Reads the jobs of a range of turns, in order, with the work of workers and providers on them. */
export async function readJobsToExport(pool: Pool, range: TurnRange): Promise<ExportedJob[]> {
  return query<ExportedJob>(pool, jobsStatement, [range.conversationId, range.after, range.upTo]);
}
