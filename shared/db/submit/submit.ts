import type { Pool } from "pg";
import type { ConversationChannel, Sender } from "../../protocol/conversation.ts";
import type { HandledBy, HandoffReason } from "../../protocol/handling.ts";
import { dueAfterMs, interval } from "../../tunables.ts";
import type { BatchResult } from "../../async/batch/batch-work.ts";
import { byIds, skipLocked } from "../batch-sql.ts";
import { batched } from "../batched.ts";
import { type OperatorName, operatorOf } from "../conversations/conversations.ts";
import { query } from "../database.ts";
import { isPaused } from "../voices/assistant-pauses.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";
import { insertEvents } from "../../events/append.ts";

/** Columns that both ways of accepting a message write. */
export interface NewMessage {
  conversationId: string;
  messageId: string;
  jobId: string;
  text: string;
  idempotencyHash: Buffer | null;
  requestHash: Buffer | null;
  requestId: string;
  /** Visitor that owns the conversation from now on, if known; see `services/api/access/identity.ts`. */
  visitorHash: Buffer | null;
  /** W3C `traceparent`, where traces are on. */
  trace?: string | undefined;
  /** Sealed claims of the visitor's identity, for tools that take some; see `ClaimsSeal`. */
  claims?: Buffer | null;
  /** Id that the front end of another protocol gave the message. */
  clientId?: string | undefined;
}

export interface NewConversation extends NewMessage {
  siteId: string;
  assistantType: string;
  provider: string | null;
  metadata: Record<string, string>;
  history: readonly ImportedMessage[];
  /** Turn of the message itself, after the turns of its history. */
  turn: number;
  handoff?: HandoffReason | null;
  /** Thread that was sent with the request. */
  thread?: { provider: string; id: string } | null;
  channel?: ConversationChannel | undefined;
}

export interface ImportedMessage {
  id: string;
  turn: number;
  sender: Sender;
  text: string;
  /** Unix milliseconds. */
  timestamp: number;
}

const dueAfter = interval(dueAfterMs);
/** `seq` of the last event that accepting a first message writes. */
export const firstEventSeq = 2;

/** SQL for the reason why a message goes to people: a rule of the assistant, or a pause. Null: the AI answers it. */
function handoffOf(given: string, site: string, assistantType: string): string {
  return `coalesce(${given}, case when ${isPaused(site, assistantType)} then 'paused' end)`;
}

/** SQL that is true unless messages of a verified visitor are refused. */
function notBlocked(site: string, visitor: string): string {
  return `not exists (select from blocked_visitors where site_id = ${site} and visitor_hash = ${visitor})`;
}

export const insertConversationsStatement: Statement<Columns<"jobs", "id"> & FirstAccepted> = {
  name: "insert-conversations",
  // The job is inserted first, as its idempotency key decides. Keys are locked in one order, so that two statements
  // with the same keys never wait for each other.
  text: `
    with item as materialized (
      select * from json_to_recordset($1::json) as item(
        "conversationId" uuid, "siteId" text, "messageId" uuid, "jobId" uuid, text text, "assistantType" text,
        provider text, metadata jsonb, turn int, history jsonb, "threadProvider" text, "threadId" text, "visitorHash" bytea, "idempotencyHash" bytea,
        "requestHash" bytea, "requestId" text, trace text, handoff text, claims bytea, channel text, "clientId" text)
    ), job as (
      insert into jobs (id, conversation_id, message_id, turn, assistant_type, provider_override,
                        idempotency_hash, request_hash, request_id, trace, claims, due_at)
      select "jobId", "conversationId", "messageId", turn, "assistantType", provider,
             "idempotencyHash", "requestHash", "requestId", trace, claims, now() + ${dueAfter}
      from item where ${notBlocked('item."siteId"', 'item."visitorHash"')} order by "idempotencyHash"
      on conflict (idempotency_hash) where idempotency_hash is not null do nothing
      returning id
    ), accepted as materialized (
      select item.* from item join job on job.id = "jobId"
    ), conversation as (
      insert into conversations (id, site_id, assistant_type, provider, metadata, next_turn, open_jobs, message_count, event_seq,
                                 thread_provider, thread_id, thread_turn, thread_adopted, visitor_hash, channel, handoff_due)
      select "conversationId", "siteId", "assistantType", provider, metadata, turn + 1, array["jobId"], 1 + jsonb_array_length(history), ${firstEventSeq},
             "threadProvider", "threadId", case when "threadId" is not null then 0 end, "threadId" is not null, "visitorHash", channel, ${handoffOf("handoff", '"siteId"', '"assistantType"')}
      from accepted returning open_jobs[1] as job, handoff_due
    ), imported as (
      insert into messages (id, conversation_id, turn, sender, text, imported, created_at)
      select earlier.id, "conversationId", earlier.turn, sender, earlier.text, true, to_timestamp(timestamp / 1000.0)
      from accepted, jsonb_to_recordset(history) as earlier(id uuid, turn int, sender text, text text, timestamp float8)
    ), message as (
      insert into messages (id, conversation_id, turn, sender, text, client_id)
      select "messageId", "conversationId", turn, 'user', text, "clientId" from accepted
    ), noted as (
      ${insertEvents({ from: "accepted", conversation: `"conversationId"`, site: `"siteId"`, seq: String(firstEventSeq), message: `"messageId"`, job: `"jobId"`, status: "'queued'" })}
    )
    select job as id, handoff_due is not null as "handoffDue" from conversation`,
};

/** A first message that was accepted. */
interface FirstAccepted {
  /** True if the conversation is to be handed to a person now. */
  handoffDue: boolean;
}

async function insertConversations(
  pool: Pool,
  rows: readonly NewConversation[],
): Promise<{ result: FirstAccepted | undefined }[]> {
  const items = rows.map(({ thread, ...row }) => ({
    ...row,
    threadProvider: thread?.provider,
    threadId: thread?.id,
    ...hexBytes(row),
  }));
  const written = await query(pool, insertConversationsStatement, [JSON.stringify(items)]);
  const accepted = new Map(written.map(({ id, handoffDue }) => [id, { handoffDue }]));
  return rows.map(({ jobId }) => ({ result: accepted.get(jobId) }));
}

/**
 * Accepts the first message of a conversation; concurrent calls share a statement.
 * @returns `undefined`: the idempotency key was used before, or the visitor is blocked, and nothing was written
 */
export const insertConversation = batched({ runBatch: insertConversations });

type Bytes = Pick<NewMessage, "visitorHash" | "idempotencyHash" | "requestHash" | "claims">;

function hexBytes({ visitorHash, idempotencyHash, requestHash, claims }: Bytes) {
  const bytes = { visitorHash, idempotencyHash, requestHash, claims };
  return Object.fromEntries(Object.entries(bytes).map(([name, each]) => [name, hex(each)]));
}

/** Formats bytes for PostgreSQL. */
const hex = (bytes: Buffer | null | undefined) => bytes && `\\x${bytes.toString("hex")}`;

export interface FollowingMessage extends NewMessage {
  siteId: string;
  assistantType: string | null;
  provider: string | null;
  metadata: Record<string, string> | null;
  maxUnanswered: number;
  /** Limit of messages in a row that nobody answers, while the AI does not. */
  maxUnheard: number;
  /** Reason why a rule hands the conversation to a person, unless one has it. */
  handoff?: HandoffReason | null;
  /** Hash under which an earlier version may have stored the same visitor. */
  formerVisitorHash?: Buffer | null;
  /** Id of the visitor's message that this one replaces. */
  replaces?: string | null;
  /** True if the request gave only the conversation's id, which does not open a verified visitor's conversation. */
  idAlone?: boolean;
  /** Limit of messages per window, over all senders to the conversation. */
  pace: { maxMessages: number; windowMs: number };
}

interface AppendRow {
  conversationId: string;
  handoffDue: boolean;
  /** Null if the message was refused. */
  head: boolean | null;
  eventSeq: number | null;
  handledBy: HandledBy | null;
  operator: OperatorName | null;
}

/**
 * SQL for the turn of the message that a new one replaces; null if the conversation has no such message of the visitor.
 * Messages never change, so any snapshot tells it. An answer to an action is none: without its turn, the model would not know
 * what was done, and propose it again.
 */
export function turnToReplace(replaces: string, conversation: string): string {
  return `(select turn from messages where id = ${replaces} and conversation_id = ${conversation}
           and sender = 'user' and not imported and not exists (
             select from jobs where jobs.conversation_id = messages.conversation_id and jobs.turn = messages.turn and action_id is not null))`;
}

/** SQL for what a new job is while the AI answers. While it does not, the job is made for the record alone. */
function ifAi(value: string, otherwise = "null"): string {
  return `case handled_by when 'ai' then ${value} else ${otherwise} end`;
}

function appendStatement(name: string, lock: string): Statement<AppendRow> {
  // The UPDATE alone decides: it reads the row's newest version, so two submits see each other's jobs.
  return {
    name,
    text: `
      with item as materialized (
        select *, make_interval(secs => "windowMs" / 1000.0) as span,
               ${turnToReplace("item.replaces", 'item."conversationId"')} as "replacedTurn" from json_to_recordset($2::json) as item(
          "conversationId" uuid, "messageId" uuid, "jobId" uuid, text text, "assistantType" text, provider text,
          metadata jsonb, "visitorHash" bytea, "formerVisitorHash" bytea, "idAlone" boolean, "idempotencyHash" bytea, "requestHash" bytea, "requestId" text, trace text,
          "siteId" text, "maxUnanswered" int, "maxUnheard" int, handoff text, "maxMessages" int, "windowMs" int, replaces uuid, claims bytea, "clientId" text)
      ), locked as materialized (
        select id from ${byIds("conversations", "id", "$1", lock)}
      ), conversation as (
        update conversations
        set next_turn = next_turn + 1, message_count = message_count + 1,
            open_jobs = case handled_by when 'ai' then open_jobs || item."jobId" else open_jobs end,
            unheard = unheard + (handled_by <> 'ai')::int, closed_at = null,
            handoff_due = case handled_by when 'ai' then ${handoffOf("item.handoff, handoff_due", "conversations.site_id", 'coalesce(item."assistantType", conversations.assistant_type)')} end,
            event_seq = event_seq + 2, assistant_type = coalesce(item."assistantType", assistant_type),
            provider = coalesce(item.provider, conversations.provider),
            metadata = coalesce(item.metadata, conversations.metadata), updated_at = now(),
            visitor_hash = coalesce(item."visitorHash", visitor_hash),
            replaced_turns = replaced_turns || array_remove(array[item."replacedTurn"], null),
            window_began_at = case when window_began_at > now() - span then window_began_at else now() end,
            window_messages = case when window_began_at > now() - span then window_messages + 1 else 1 end
        from item join locked on locked.id = item."conversationId"
        where conversations.id = locked.id and site_id = item."siteId" and deleted_at is null and blocked_at is null
          and case handled_by when 'ai' then cardinality(open_jobs) < item."maxUnanswered" else unheard < item."maxUnheard" end
          and ${notBlocked("site_id", 'item."visitorHash"')}
          and not exists (select from jobs where idempotency_hash = item."idempotencyHash")
          and (window_messages < item."maxMessages" or window_began_at <= now() - span)
          and (visitor_hash is null or visitor_hash in (item."visitorHash", item."formerVisitorHash")
               or (item."visitorHash" is null and item."idAlone" is not true))
          and (item.replaces is null
               or item."replacedTurn" is not null and item."replacedTurn" <> all(replaced_turns) and open_jobs = '{}')
        returning conversations.id, next_turn - 1 as turn, assistant_type, conversations.provider, item."jobId",
                  event_seq, site_id, item."messageId", handled_by, operator_id, handoff_due,
                  coalesce(open_jobs[1] = item."jobId", false) as head
      ), message as (
        insert into messages (id, conversation_id, turn, sender, text, replaces, client_id)
        select conversation."messageId", id, turn, 'user', text, replaces, "clientId" from conversation join item using ("jobId")
      ), job as (
        insert into jobs (id, conversation_id, message_id, turn, assistant_type, provider_override,
                          idempotency_hash, request_hash, request_id, trace, claims, due_at, status, handled_by, finished_at)
        select "jobId", id, conversation."messageId", turn, assistant_type, conversation.provider,
               "idempotencyHash", "requestHash", "requestId", trace, ${ifAi("claims")}, ${ifAi(`now() + ${dueAfter}`)}, ${ifAi("'queued'", "'completed'")},
               ${ifAi("null", "handled_by")}, ${ifAi("null", "now()")}
        from conversation join item using ("jobId")
      ), noted as (
        ${insertEvents({ from: "conversation", conversation: "id", site: "site_id", seq: "event_seq", message: `"messageId"`, job: `"jobId"`, status: ifAi("'queued'", "'completed'"), handledBy: ifAi("null", "handled_by") })}
      )
      select id as "conversationId", head, event_seq as "eventSeq", handled_by as "handledBy", handoff_due is not null as "handoffDue",
             ${operatorOf("operator_id")} as operator
      from locked left join conversation using (id)`,
  };
}

// A refusal does not wait for the row.
export const appendOneStatement = appendStatement("append-message", "");
export const appendBatchStatement = appendStatement("append-messages", skipLocked);

/** @returns results by position; `undefined`: its row was locked and skipped, or does not exist */
async function append(
  pool: Pool,
  statement: Statement<AppendRow>,
  rows: readonly FollowingMessage[],
): Promise<BatchResult<Accepted | undefined>[]> {
  const items = rows.map(({ pace, formerVisitorHash = null, ...row }) => ({
    ...row,
    ...pace,
    ...hexBytes(row),
    formerVisitorHash: hex(formerVisitorHash),
  }));
  const ids = rows.map(({ conversationId }) => conversationId);
  const found = await query(pool, statement, [ids, JSON.stringify(items)]);
  const answers = new Map(found.map((row) => [row.conversationId, row]));
  return ids.map((id) => {
    const row = answers.get(id);
    if (!row) return undefined;
    const { head, eventSeq, handledBy, operator, handoffDue } = row;
    const refused = head === null || eventSeq === null || handledBy === null;
    return { result: refused ? undefined : { head, eventSeq, handledBy, operator, handoffDue } };
  });
}

export interface Accepted extends FirstAccepted {
  /** True if its job is the first open one of the conversation, to be enqueued now. */
  head: boolean;
  /** `seq` of the last event that accepting it wrote. */
  eventSeq: number;
  handledBy: HandledBy;
  operator: OperatorName | null;
}

/**
 * Accepts a message of an existing conversation; concurrent calls share a statement.
 * @returns `undefined` when nothing was written: the conversation is gone, belongs to another visitor, has too many
 * unanswered or too many recent messages, knows the idempotency key, or has no such message to replace now
 * @throws a unique violation when the same key arrives twice at once
 */
export const appendMessage = batched({
  keyOf: ({ conversationId }: FollowingMessage) => conversationId,
  runBatch: (pool, rows) => append(pool, appendBatchStatement, rows),
  runOne: async (pool, row) => (await append(pool, appendOneStatement, [row]))[0]?.result,
});
