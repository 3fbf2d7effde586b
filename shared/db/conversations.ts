import type { Pool } from "pg";
import type { Database } from "./database.ts";
import { inTransaction, query } from "./database.ts";
import { Conversation, Message } from "./entities.ts";
import { discardThread } from "./threads.ts";

/** How a conversation that may be read or written stands. */
export type ConversationPresence = "present" | "deleted" | "unknown";

const presenceStatement = {
  name: "conversation-presence",
  text: `select deleted_at is not null as deleted from conversations where id = $1`,
};

export async function readPresence(pool: Pool, conversationId: string): Promise<ConversationPresence> {
  const [row] = await query<{ deleted: boolean }>(pool, presenceStatement, [conversationId]);
  if (row === undefined) return "unknown";
  return row.deleted ? "deleted" : "present";
}

export async function readConversation({ orm }: Database, id: string) {
  return orm.em.fork().findOne(Conversation, { id, deletedAt: null });
}

export interface MessagePage {
  messages: MessageRow[];
  /** There are older ones than these. */
  more: boolean;
}

export interface MessageRow {
  id: string;
  sender: "user" | "ai";
  text: string;
  imported: boolean;
  createdAt: Date;
}

/**
 * One page of a conversation, by turn, oldest first.
 * @param before the id of a message: only older ones; `undefined` is returned if the conversation has no such message
 */
export async function readMessages(
  { orm }: Database,
  conversationId: string,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<MessagePage | undefined> {
  const em = orm.em.fork();
  const anchor =
    before === undefined ? undefined : await em.findOne(Message, { id: before, conversation: conversationId });
  if (anchor === null) return undefined;
  const older = anchor && {
    $or: [
      { turn: { $lt: anchor.turn } },
      // The visitor's message stands before the reply of its turn.
      ...(anchor.sender === "ai" ? [{ turn: anchor.turn, sender: "user" as const }] : []),
    ],
  };
  const newestFirst = await em.find(
    Message,
    { conversation: conversationId, ...older },
    { orderBy: { turn: "desc", sender: "asc" }, limit: limit + 1 },
  );
  return { messages: newestFirst.slice(0, limit).toReversed(), more: newestFirst.length > limit };
}

/** What must go from the other stores once a conversation is deleted. */
export interface Traces {
  conversationId: string;
  jobs: { id: string; attempt: number }[];
}

/**
 * Deletes a conversation: leaves a tombstone without text and ends its open jobs as cancelled. The row is locked first and
 * read by statements of their own, so that nothing accepted meanwhile is missed.
 * @returns what is left elsewhere; `undefined`: it was deleted before, or never was
 */
export async function deleteConversation(pool: Pool, id: string): Promise<Traces | undefined> {
  return inTransaction(pool, async (client) => {
    const locked = await client.query<{ open: string[]; thread: { provider: string; id: string } | null }>(
      `select open_jobs as open, case when thread_id is not null and not thread_adopted then
         json_build_object('provider', thread_provider, 'id', thread_id) end as thread
       from conversations where id = $1 and deleted_at is null for update`,
      [id],
    );
    const [conversation] = locked.rows;
    if (!conversation) return undefined;
    const { rows: jobs } = await client.query<Traces["jobs"][number]>(
      `update jobs
       set status = 'cancelled', error_code = 'deleted', finished_at = now(), lease_until = null, due_at = null
       where id = any($1::uuid[]) and status in ('queued', 'active')
       returning id, attempt`,
      [conversation.open],
    );
    await client.query("delete from messages where conversation_id = $1", [id]);
    if (conversation.thread) await discardThread(client, conversation.thread);
    // The open jobs stay named until their traces are gone too.
    await client.query(
      `update conversations
       set deleted_at = now(), updated_at = now(), metadata = '{}', message_count = 0, thread_id = null, thread_provider = null
       where id = $1`,
      [id],
    );
    return { conversationId: id, jobs };
  });
}

const tombstonesStatement = {
  name: "tombstones",
  // After two seconds every worker has read that these jobs are not its own any more, and writes no draft.
  text: `
    select conversations.id as "conversationId",
           (select coalesce(json_agg(json_build_object('id', id, 'attempt', attempt)), '[]')
            from jobs where id = any(open_jobs)) as jobs
    from conversations
    where deleted_at < now() - interval '2 s' and erased_at is null order by deleted_at limit 100`,
};

/** Deleted conversations that may have left traces in other stores. */
export async function readTombstones(pool: Pool): Promise<Traces[]> {
  return query<Traces>(pool, tombstonesStatement, []);
}

const erasedStatement = {
  name: "mark-erased",
  text: `update conversations set erased_at = now(), open_jobs = '{}' where id = $1 and deleted_at is not null`,
};

export async function markErased(pool: Pool, conversationId: string): Promise<void> {
  await query(pool, erasedStatement, [conversationId]);
}
