import type { Pool } from "pg";
import { query } from "../database.ts";

/** One of a visitor's conversations. Times are Unix milliseconds. */
export interface VisitorConversation {
  id: string;
  assistantType: string;
  createdAt: number;
  updatedAt: number;
  messageCount: number;
  /** Beginning of its newest message; null if it has no messages. */
  preview: string | null;
}

export interface VisitorPage {
  conversations: VisitorConversation[];
  /** True if there are older conversations. */
  more: boolean;
  /** True if some are stored under the former hash. */
  stale: boolean;
}

/** Characters of a preview: one line of a list. */
const previewLength = 160;

/** A visitor's hash, and the hash under which earlier versions stored the same visitor. */
interface VisitorHashes {
  hash: Buffer;
  formerHash: Buffer;
}

/**
 * Selects the conversations stored under one hash, newest first: an index scan of `conversations_visitor`, in its
 * order.
 */
const newestOf = (hash: string) => `
  (select id, assistant_type, message_count, created_at, updated_at, visitor_hash from conversations
   where visitor_hash = ${hash}
     and ($3::uuid is null
          or (updated_at, id) < (select updated_at, id from conversations where id = $3 and visitor_hash in ($1, $2)))
   order by updated_at desc, id desc limit $4)`;

const listStatement = {
  name: "visitor-conversations",
  // The same statement reads the anchor's position, so that a page is a consistent snapshot.
  text: `
    select json_build_object(
             'id', id, 'assistantType', assistant_type, 'messageCount', message_count,
             'createdAt', extract(epoch from created_at) * 1000, 'updatedAt', extract(epoch from updated_at) * 1000,
             'preview', (select left(text, ${previewLength}) from messages where conversation_id = page.id
                         order by turn desc, sender limit 1)) as conversation,
           visitor_hash = $2 as former
    from (select * from (${newestOf("$1")} union all ${newestOf("$2")}) as either
          order by updated_at desc, id desc limit $4) as page
    order by updated_at desc, id desc`,
};

/**
 * Reads one page of a visitor's conversations, latest activity first.
 * @param before the id of a conversation: only those after it in that order; an id that is not the visitor's gives an
 * empty page, like the last one
 */
export async function listVisitorConversations(
  pool: Pool,
  { hash, formerHash }: VisitorHashes,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<VisitorPage> {
  const values = [hash, formerHash, before ?? null, limit + 1];
  const rows = await query<{ conversation: VisitorConversation; former: boolean }>(pool, listStatement, values);
  return {
    conversations: rows.slice(0, limit).map(({ conversation }) => conversation),
    more: rows.length > limit,
    stale: rows.some(({ former }) => former),
  };
}

const replaceHashStatement = {
  name: "replace-visitor-hash",
  // Rows locked by another transaction are left for the next time. Nothing waits here, so nothing deadlocks.
  text: `
    update conversations set visitor_hash = $1
    where id in (select id from conversations where visitor_hash = $2 limit 100 for update skip locked)`,
};

/** Replaces a visitor's former hash with the current one, in up to a hundred conversations at a time. */
export async function replaceFormerHash(pool: Pool, { hash, formerHash }: VisitorHashes): Promise<void> {
  await query(pool, replaceHashStatement, [hash, formerHash]);
}
