import type { MessageRow, OperatorName } from "../../../shared/db/conversations/conversations.ts";
import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type { OperatorView } from "../../../shared/protocol/handling.ts";

/** Formats a message for an answer. Cached pages hold this form: see `pageFormat`. */
export function toMessageView(message: MessageRow): MessageView {
  const { id, text, sender, createdAt, imported, fallback, finishReason, replaces, rating } = message;
  const { operator, sources } = message;
  return {
    id,
    text,
    sender,
    timestamp: new Date(createdAt).getTime(),
    ...(operator && { operator: toOperatorView(operator) }),
    ...(imported && { imported }),
    ...(rating !== null && { rating }),
    ...(finishReason !== null && { finishReason }),
    ...(replaces !== null && { replaces }),
    ...(fallback && { fallback: true as const }),
    ...(sources !== null && !imported && { sources }),
  };
}

export function toOperatorView({ name, avatarUrl }: OperatorName): OperatorView {
  return { name, ...(avatarUrl !== null && { avatarUrl }) };
}
