import type { Pool } from "pg";
import type { JobStatus } from "../protocol/job.ts";
import type { Sender } from "../protocol/conversation.ts";
import { query } from "./database.ts";

/** What both ways of accepting a message write. */
export interface NewMessage {
  conversationId: string;
  messageId: string;
  jobId: string;
  text: string;
  idempotencyHash: Buffer | null;
  requestHash: Buffer | null;
  requestId: string;
  /** Whose conversation it is from now on, where that is known; see `services/api/identity.ts`. */
  visitorHash: Buffer | null;
  /** W3C `traceparent`, where traces are on. */
  trace?: string | undefined;
}

export interface NewConversation extends NewMessage {
  assistantType: string;
  provider: string | null;
  metadata: Record<string, string>;
  history: readonly ImportedMessage[];
  /** The turn of the message itself, after those of its history. */
  turn: number;
  /** A thread that came with the request. */
  thread?: { provider: string; id: string } | null;
}

export interface ImportedMessage {
  id: string;
  turn: number;
  sender: Sender;
  text: string;
  /** Unix milliseconds. */
  timestamp: number;
}

/** How long the reconciler leaves a queued job alone: its delivery is somebody's task, and most take no second. */
const dueAfter = "interval '15 s'";

const insertConversationStatement = {
  name: "insert-conversation",
  text: `
    with conversation as (
      insert into conversations (id, assistant_type, provider, metadata, next_turn, open_jobs, message_count,
                                 thread_provider, thread_id, thread_turn, thread_adopted, visitor_hash)
      values ($1, $2, $3, $4, $5::int + 1, array[$6::uuid], 1 + jsonb_array_length($7::jsonb),
              $13, $14, case when $14::text is not null then 0 end, $14::text is not null, $16)
    ), imported as (
      insert into messages (id, conversation_id, turn, sender, text, imported, created_at)
      select id, $1, turn, sender, text, true, to_timestamp(timestamp / 1000.0)
      from jsonb_to_recordset($7::jsonb) as item(id uuid, turn int, sender text, text text, timestamp float8)
    ), message as (
      insert into messages (id, conversation_id, turn, sender, text) values ($8, $1, $5, 'user', $9)
    )
    insert into jobs (id, conversation_id, message_id, turn, assistant_type, provider_override,
                      idempotency_hash, request_hash, request_id, trace, due_at)
    values ($6, $1, $8, $5, $2, $3, $10, $11, $12, $15, now() + ${dueAfter})`,
};

/**
 * Accepts the first message of a conversation, in one statement.
 * @throws a unique violation (see `isIdempotencyClash`) when the idempotency key was used before
 */
export async function insertConversation(pool: Pool, row: NewConversation): Promise<void> {
  await query(pool, insertConversationStatement, [
    row.conversationId,
    row.assistantType,
    row.provider,
    row.metadata,
    row.turn,
    row.jobId,
    JSON.stringify(row.history),
    row.messageId,
    row.text,
    row.idempotencyHash,
    row.requestHash,
    row.requestId,
    row.thread?.provider ?? null,
    row.thread?.id ?? null,
    row.trace ?? null,
    row.visitorHash,
  ]);
}

export interface FollowingMessage extends NewMessage {
  assistantType: string | null;
  provider: string | null;
  metadata: Record<string, string> | null;
  maxUnanswered: number;
  /** So many messages in so long, over all that send to the conversation. */
  pace: { maxMessages: number; windowMs: number };
}

const appendMessageStatement = {
  name: "append-message",
  // The UPDATE alone decides: it takes the row's newest version, so two submits see each other's jobs.
  text: `
    with conversation as (
      update conversations
      set next_turn = next_turn + 1, open_jobs = open_jobs || $2::uuid, message_count = message_count + 1,
          assistant_type = coalesce($3, assistant_type), provider = coalesce($4, provider),
          metadata = coalesce($5, metadata), updated_at = now(), visitor_hash = coalesce(visitor_hash, $15),
          window_began_at = case when window_began_at > now() - $14::interval then window_began_at else now() end,
          window_messages = case when window_began_at > now() - $14::interval then window_messages + 1 else 1 end
      where id = $1 and deleted_at is null and cardinality(open_jobs) < $6
        and not exists (select from jobs where idempotency_hash = $7)
        and (window_messages < $13 or window_began_at <= now() - $14::interval)
        and (visitor_hash is null or $15::bytea is null or visitor_hash = $15)
      returning id, next_turn - 1 as turn, assistant_type, provider, open_jobs[1] = $2 as head
    ), message as (
      insert into messages (id, conversation_id, turn, sender, text) select $8, id, turn, 'user', $9 from conversation
    ), job as (
      insert into jobs (id, conversation_id, message_id, turn, assistant_type, provider_override,
                        idempotency_hash, request_hash, request_id, trace, due_at)
      select $2, id, $8, turn, assistant_type, provider, $7, $10, $11, $12, now() + ${dueAfter} from conversation
    )
    select head from conversation`,
};

/**
 * Accepts a message of a conversation that exists, in one statement.
 * @returns whether its job is the head, so that it goes into the queue now; `undefined` when nothing was written: the
 * conversation is gone, another visitor's, has too many unanswered messages or too many of late, or knows the
 * idempotency key
 * @throws a unique violation (see `isIdempotencyClash`) when the same key arrives twice at once
 */
export async function appendMessage(pool: Pool, row: FollowingMessage): Promise<{ head: boolean } | undefined> {
  const [accepted] = await query<{ head: boolean }>(pool, appendMessageStatement, [
    row.conversationId,
    row.jobId,
    row.assistantType,
    row.provider,
    row.metadata,
    row.maxUnanswered,
    row.idempotencyHash,
    row.messageId,
    row.text,
    row.requestHash,
    row.requestId,
    row.trace ?? null,
    row.pace.maxMessages,
    milliseconds(row.pace.windowMs),
    row.visitorHash,
  ]);
  return accepted;
}

export function isIdempotencyClash(error: unknown): boolean {
  return error instanceof Error && "constraint" in error && error.constraint === "jobs_idempotency_hash";
}

export interface EarlierSubmission {
  jobId: string;
  conversationId: string;
  messageId: string;
  status: JobStatus;
  /** Absent once the conversation was deleted. */
  requestHash: Buffer | null;
  deleted: boolean;
  /** Accepted more than `keyLifeHours` ago. */
  stale: boolean;
}

/** How long an idempotency key is known. */
const keyLifeHours = 24;

const findByKeyStatement = {
  name: "find-by-idempotency-key",
  text: `
    select jobs.id as "jobId", conversation_id as "conversationId", message_id as "messageId", status,
           request_hash as "requestHash", conversations.deleted_at is not null as deleted,
           jobs.created_at < now() - interval '${keyLifeHours} h' as stale
    from jobs join conversations on conversations.id = jobs.conversation_id
    where idempotency_hash = $1`,
};

export async function findByIdempotencyHash(pool: Pool, hash: Buffer): Promise<EarlierSubmission | undefined> {
  const [row] = await query<EarlierSubmission>(pool, findByKeyStatement, [hash]);
  return row;
}

const forgetKeyStatement = {
  name: "forget-idempotency-key",
  text: `update jobs set idempotency_hash = null where id = $1`,
};

/** Frees a key whose life is over. */
export async function forgetIdempotencyKey(pool: Pool, jobId: string): Promise<void> {
  await query(pool, forgetKeyStatement, [jobId]);
}

export interface ConversationState {
  deleted: boolean;
  visitorHash: Buffer | null;
  unanswered: number;
  /** How many messages its present window has; 0 when that is over. */
  windowMessages: number;
  /** Milliseconds until that window is over. */
  windowLeftMs: number;
}

const stateStatement = {
  name: "conversation-state",
  text: `
    select deleted_at is not null as deleted, visitor_hash as "visitorHash", cardinality(open_jobs) as unanswered,
           case when window_began_at > now() - $2::interval then window_messages else 0 end as "windowMessages",
           greatest(0, extract(epoch from window_began_at + $2::interval - now()) * 1000)::float8 as "windowLeftMs"
    from conversations where id = $1`,
};

/** Why a conversation would not take a message. */
export async function readConversationState(
  pool: Pool,
  conversationId: string,
  windowMs: number,
): Promise<ConversationState | undefined> {
  const [row] = await query<ConversationState>(pool, stateStatement, [conversationId, milliseconds(windowMs)]);
  return row;
}

/** As PostgreSQL reads an interval. */
function milliseconds(ms: number): string {
  return `${ms} ms`;
}

const backlogStatement = {
  name: "backlog",
  text: `
    select ((select count(*) from (select from jobs where status = 'queued' limit $1) as waiting)
            + (select count(*) from jobs where status = 'active'))::int as backlog`,
};

/** How many jobs have no reply yet; those that wait are counted up to `enough`. */
export async function countBacklog(pool: Pool, enough: number): Promise<number> {
  const [row] = await query<{ backlog: number }>(pool, backlogStatement, [enough]);
  return row?.backlog ?? 0;
}
