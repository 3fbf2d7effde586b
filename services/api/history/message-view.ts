import type { MessageRow } from "../../../shared/db/conversations/conversations.ts";
import type { MessageView } from "../../../shared/protocol/conversation.ts";

/** Formats a message for an answer. Cached pages hold this form: see `pageFormat`. */
export function toMessageView(message: MessageRow): MessageView {
  const { id, text, sender, createdAt, imported, fallback, finishReason, replaces, rating } = message;
  return {
    id,
    text,
    sender,
    timestamp: new Date(createdAt).getTime(),
    ...(imported && { imported }),
    ...(rating !== null && { rating }),
    ...(finishReason !== null && { finishReason }),
    ...(replaces !== null && { replaces }),
    ...(fallback && { fallback: true as const }),
  };
}
