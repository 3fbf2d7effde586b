import type { Pool } from "pg";
import type { Rating } from "../../protocol/conversation.ts";
import type { HandledBy } from "../../protocol/handling.ts";
import type { ReplySourceView } from "../../protocol/knowledge/reply-source.ts";
import type { Database } from "../database.ts";
import { query } from "../database.ts";
import { byIds } from "../batch-sql.ts";
import { batchedRead } from "../batched.ts";
import { sourcesOfReply } from "../replies/citations.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** A person as visitors see them. */
export type OperatorName = Columns<"operators", "name" | "avatar_url">;

/** SQL for the {@link OperatorName} behind an id; null where there is none. */
export function operatorOf(id: string): string {
  return `(select json_build_object('name', name, 'avatarUrl', avatar_url) from operators where id = ${id})`;
}

/** `visitorHash`: see `NewMessage`. */
export interface ConversationOwner extends Columns<"conversations", "id" | "site_id" | "visitor_hash"> {
  deleted: boolean;
  /**
   * Changes with every message, reply and rating, and with each deletion of one of the site's sources, and never returns
   * to an earlier value. A page read after this version is at least as new as it.
   */
  pageVersion: string;
  /** `seq` of its newest event, as this row has it: what is read after it may be newer. */
  eventSeq: number;
  handledBy: HandledBy;
  /** The person who answers; null unless one does. */
  operator: OperatorName | null;
  /** Number of the present stretch; 0 as long as only the AI has answered. */
  stretch: number;
}

/**
 * Version of a conversation's messages, from columns that all versions of this service write. The count only grows. The
 * time tells apart two histories: one that a failover or a restore of PostgreSQL has lost, and the one after it.
 */
const pageVersion = `concat_ws('/', message_count, extract(epoch from updated_at), ratings_version, withdrawals)`;

export const conversationOwnerStatement: Statement<ConversationOwner> = {
  name: "conversation-owner",
  text: `
    select id, site_id as "siteId", deleted_at is not null as deleted, visitor_hash as "visitorHash", ${pageVersion} as "pageVersion",
           event_seq as "eventSeq", handled_by as "handledBy", ${operatorOf("conversations.operator_id")} as operator, stretch
    from ${byIds(
      "conversations",
      "id, site_id, deleted_at, visitor_hash, message_count, updated_at, ratings_version, event_seq, handled_by, operator_id, stretch",
      "$1",
    )}
    left join lateral (
      select withdrawals from knowledge_bases where site_id = conversations.site_id limit 1
    ) as knowledge_bases on true`,
};

/** Reads whether a conversation exists, its owner and its version. Concurrent calls share a statement. */
export const readOwner = batchedRead((pool, conversationIds) =>
  query(pool, conversationOwnerStatement, [conversationIds]),
);

export type ConversationRow = Columns<
  "conversations",
  "assistant_type" | "provider" | "thread_id" | "created_at" | "updated_at" | "message_count" | "open_jobs" | "metadata"
>;

export const readConversationStatement: Statement<ConversationRow> = {
  name: "read-conversation",
  text: `
    select assistant_type as "assistantType", provider, thread_id as "threadId", created_at as "createdAt",
           updated_at as "updatedAt", message_count as "messageCount", open_jobs as "openJobs", metadata
    from conversations where id = $1 and deleted_at is null`,
};

/** Reads a conversation; `undefined` once it is deleted. */
export async function readConversation(pool: Pool, id: string): Promise<ConversationRow | undefined> {
  const [row] = await query(pool, readConversationStatement, [id]);
  return row;
}

export interface MessagePage {
  messages: MessageRow[];
  /** True if there are older messages. */
  more: boolean;
}

export interface MessageRow extends Columns<
  "messages",
  "id" | "sender" | "text" | "imported" | "fallback" | "finish_reason" | "replaces" | "created_at"
> {
  /** The visitor's rating; null if there is none. */
  rating: Rating | null;
  /** Author of an operator's message. */
  operator: OperatorName | null;
  /** Passages that a reply rests on; null for a message that is no reply. */
  sources: ReplySourceView[] | null;
}

/** Columns of `MessageRow`. */
export const messageColumns = `
  id, sender, text, imported, fallback, finish_reason as "finishReason", replaces, rating, created_at as "createdAt",
  ${operatorOf("messages.operator_id")} as operator, ${sourcesOfReply("messages.id", "sender")} as sources`;

export const messagePlaceStatement: Statement<Columns<"messages", "turn" | "sender">> = {
  name: "message-place",
  text: `select turn, sender from messages where id = $1 and conversation_id = $2`,
};

export const messagePageStatement: Statement<MessageRow> = {
  name: "message-page",
  // Within a turn the visitor's message precedes the reply.
  text: `
    select ${messageColumns}
    from messages left join feedback on message_id = messages.id
    where conversation_id = $1 and ($2::int is null or turn < $2 or turn = $2 and $3 = 'ai' and sender = 'user')
    order by turn desc, sender limit $4`,
};

/**
 * Reads one page of a conversation, by turn, oldest first.
 * @param before the id of a message: only older ones; `undefined` is returned if the conversation has no such message
 */
export async function readMessages(
  { pool }: Pick<Database, "pool">,
  conversationId: string,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<MessagePage | undefined> {
  const [place] = before === undefined ? [] : await query(pool, messagePlaceStatement, [before, conversationId]);
  if (before !== undefined && !place) return undefined;
  const newestFirst = await query(pool, messagePageStatement, [
    conversationId,
    place?.turn ?? null,
    place?.sender ?? null,
    limit + 1,
  ]);
  return { messages: newestFirst.slice(0, limit).toReversed(), more: newestFirst.length > limit };
}

export const messagesFromStatement: Statement<MessageRow & Columns<"messages", "turn">> = {
  name: "messages-from",
  text: `
    select ${messageColumns}, turn
    from messages left join feedback on message_id = messages.id
    where conversation_id = $1 and (turn > $2 or turn = $2 and $3 = 'user' and sender = 'ai')
    order by turn, sender desc limit 200`,
};

/**
 * Reads a page of a conversation's messages, oldest first.
 * @param last the last message before it; absent: from the beginning
 */
export async function readMessagesFrom(
  pool: Pool,
  conversationId: string,
  last: { turn: number; sender: string } | undefined,
): Promise<(MessageRow & Columns<"messages", "turn">)[]> {
  return query(pool, messagesFromStatement, [conversationId, last?.turn ?? 0, last?.sender ?? "ai"]);
}

export const messagesByIdStatement: Statement<MessageRow> = {
  name: "messages-by-id",
  text: `
    select ${messageColumns}
    from ${byIds("messages", "id, sender, text, imported, fallback, finish_reason, replaces, created_at, operator_id", "$1")}
    left join feedback on message_id = messages.id`,
};

/** Reads a message. Concurrent calls share a statement. */
export const readMessage = batchedRead((pool, ids) => query(pool, messagesByIdStatement, [ids]));
