/** Characters of the conversation's id in a cursor: enough to tell a cursor of another conversation or server. */
const markChars = 8;

/** Formats a place in a conversation's events for clients, to whom it is opaque. */
export function cursorOf(conversationId: string, seq: number): string {
  return `${seq}-${conversationId.slice(0, markChars)}`;
}

/** @returns `undefined` for what is no cursor of this conversation */
export function seqOf(cursor: string, conversationId: string): number | undefined {
  const [, seq, mark] = /^(0|[1-9]\d{0,8})-([\da-f]{8})$/.exec(cursor) ?? [];
  return mark === conversationId.slice(0, markChars) ? Number(seq) : undefined;
}
