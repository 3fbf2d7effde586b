import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";

export const noteVisitorSeenStatement: Statement = {
  name: "note-visitor-seen",
  text: `
    update conversations set visitor_seen_turn = turn from messages
    where conversations.id = $1 and messages.id = $2 and conversation_id = $1 and visitor_seen_turn < turn
      and deleted_at is null`,
};

/** Notes that a visitor has seen a conversation up to a message: no mail tells of it. */
export async function noteVisitorSeen(pool: Pool, conversationId: string, messageId: string): Promise<void> {
  await query(pool, noteVisitorSeenStatement, [conversationId, messageId]);
}
