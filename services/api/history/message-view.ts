import type { MessageRow } from "../../../shared/db/conversations/conversations.ts";
import type { MessageView } from "../../../shared/protocol/conversation.ts";

/** Formats a message for an answer. Cached pages hold this form: see `pageFormat`. */
export function toMessageView({ id, text, sender, createdAt, imported, rating }: MessageRow): MessageView {
  const timestamp = new Date(createdAt).getTime();
  return { id, text, sender, timestamp, ...(imported && { imported }), ...(rating !== null && { rating }) };
}
