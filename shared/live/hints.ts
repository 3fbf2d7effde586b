import type { Hint, TypingHint } from "./live.ts";

/**
 * Message for a change. A delta is sent as `d<attempt>:<offset>:<text>`, or without its text as `d<attempt>:<offset>`.
 */
export const changeMessage = "c";

export function encodeDelta({ attempt, offset, text }: { attempt: number; offset: number; text?: string }): string {
  const head = `d${attempt}:${offset}`;
  return text === undefined ? head : `${head}:${text}`;
}

const deltaHead = /^d(\d+):(\d+)(:|$)/;

/**
 * Decodes a hint. An unknown message, sent by a newer version beside this one, is a `gap`: reading all again is always
 * right.
 */
export function decodeHint(message: string): Hint {
  if (message === changeMessage) return { type: "change" };
  const head = deltaHead.exec(message);
  if (!head) return { type: "gap" };
  const delta = { type: "delta", attempt: Number(head[1]), offset: Number(head[2]) } as const;
  return head[3] === ":" ? { ...delta, text: message.slice(head[0].length) } : delta;
}

/** Encodes as the conversation's id, and the name of the operator if it is one. */
export function encodeTyping(typing: TypingHint): string {
  return typing.by === "user" ? typing.conversationId : `${typing.conversationId}:${typing.name}`;
}

export function decodeTyping(message: string): TypingHint {
  const colon = message.indexOf(":");
  if (colon < 0) return { conversationId: message, by: "user" };
  return { conversationId: message.slice(0, colon), by: "operator", name: message.slice(colon + 1) };
}
