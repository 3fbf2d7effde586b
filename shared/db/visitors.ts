import type { Pool } from "pg";
import { query } from "./database.ts";

/** One of a visitor's conversations. Times are Unix milliseconds. */
export interface VisitorConversation {
  id: string;
  assistantType: string;
  createdAt: number;
  updatedAt: number;
  messageCount: number;
  /** How its newest message begins; absent for one without messages. */
  preview: string | null;
}

export interface VisitorPage {
  conversations: VisitorConversation[];
  /** There are older ones than these. */
  more: boolean;
}

/** Characters: a line of a list. */
const previewLength = 160;

const listStatement = {
  name: "visitor-conversations",
  // The anchor's place is read by the same statement, so that a page is of one moment.
  text: `
    select id, assistant_type as "assistantType", message_count as "messageCount",
           (extract(epoch from created_at) * 1000)::float8 as "createdAt",
           (extract(epoch from updated_at) * 1000)::float8 as "updatedAt",
           (select left(text, ${previewLength}) from messages where conversation_id = conversations.id
            order by turn desc, sender limit 1) as preview
    from conversations
    where visitor_hash = $1
      and ($2::uuid is null
           or (updated_at, id) < (select updated_at, id from conversations where id = $2 and visitor_hash = $1))
    order by updated_at desc, id desc
    limit $3`,
};

/**
 * One page of a visitor's conversations, those with the latest news first.
 * @param before the id of a conversation: only what comes after it in that order; one that is not the visitor's gives
 *   an empty page, like the last one
 */
export async function listVisitorConversations(
  pool: Pool,
  visitorHash: Buffer,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<VisitorPage> {
  const rows = await query<VisitorConversation>(pool, listStatement, [visitorHash, before ?? null, limit + 1]);
  return { conversations: rows.slice(0, limit), more: rows.length > limit };
}
