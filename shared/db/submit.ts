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
                                 thread_provider, thread_id, thread_turn, thread_adopted)
      values ($1, $2, $3, $4, $5::int + 1, array[$6::uuid], 1 + jsonb_array_length($7::jsonb),
              $13, $14, case when $14::text is not null then 0 end, $14::text is not null)
    ), imported as (
      insert into messages (id, conversation_id, turn, sender, text, imported, created_at)
      select id, $1, turn, sender, text, true, to_timestamp(timestamp / 1000.0)
      from jsonb_to_recordset($7::jsonb) as item(id uuid, turn int, sender text, text text, timestamp float8)
    ), message as (
      insert into messages (id, conversation_id, turn, sender, text) values ($8, $1, $5, 'user', $9)
    )
    insert into jobs (id, conversation_id, message_id, turn, assistant_type, provider_override,
                      idempotency_hash, request_hash, request_id, due_at)
    values ($6, $1, $8, $5, $2, $3, $10, $11, $12, now() + ${dueAfter})`,
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
  ]);
}

export interface FollowingMessage extends NewMessage {
  assistantType: string | null;
  provider: string | null;
  metadata: Record<string, string> | null;
  maxUnanswered: number;
}

const appendMessageStatement = {
  name: "append-message",
  // The UPDATE alone decides: it takes the row's newest version, so two submits see each other's jobs.
  text: `
    with conversation as (
      update conversations
      set next_turn = next_turn + 1, open_jobs = open_jobs || $2::uuid, message_count = message_count + 1,
          assistant_type = coalesce($3, assistant_type), provider = coalesce($4, provider),
          metadata = coalesce($5, metadata), updated_at = now()
      where id = $1 and deleted_at is null and cardinality(open_jobs) < $6
        and not exists (select from jobs where idempotency_hash = $7)
      returning id, next_turn - 1 as turn, assistant_type, provider, open_jobs[1] = $2 as head
    ), message as (
      insert into messages (id, conversation_id, turn, sender, text) select $8, id, turn, 'user', $9 from conversation
    ), job as (
      insert into jobs (id, conversation_id, message_id, turn, assistant_type, provider_override,
                        idempotency_hash, request_hash, request_id, due_at)
      select $2, id, $8, turn, assistant_type, provider, $7, $10, $11, now() + ${dueAfter} from conversation
    )
    select head from conversation`,
};

/**
 * Accepts a message of a conversation that exists, in one statement.
 * @returns whether its job is the head, so that it goes into the queue now; `undefined` when nothing was written: the
 * conversation is gone, has too many unanswered messages, or knows the idempotency key
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
  requestHash: Buffer;
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

const stateStatement = {
  name: "conversation-state",
  text: `select deleted_at is not null as deleted, cardinality(open_jobs) as unanswered from conversations where id = $1`,
};

/** Why a conversation would not take a message. */
export async function readConversationState(
  pool: Pool,
  conversationId: string,
): Promise<{ deleted: boolean; unanswered: number } | undefined> {
  const [row] = await query<{ deleted: boolean; unanswered: number }>(pool, stateStatement, [conversationId]);
  return row;
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
