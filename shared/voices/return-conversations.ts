import { readLeftConversations } from "../db/accounts/departure.ts";
import type { VoiceContext } from "./change-of-voice.ts";
import { release } from "./hand-over.ts";

/**
 * Gives conversations whose operators have left, or are readers now, back to the queue. Safe to run twice: one that a colleague took
 * meanwhile stays theirs.
 */
export async function returnConversations(context: VoiceContext): Promise<void> {
  for (const { conversationId, operatorId } of await readLeftConversations(context.db.pool)) {
    await release(context, conversationId, { to: "queue", operatorId, force: false, requestId: null });
  }
}
