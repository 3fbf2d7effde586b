import type { ChatState, ReplyMessage, VisitorMessage } from "../chat/chat-state.ts";
import type { ParleyEvents } from "../parley.d.ts";

export type ParleyEvent = {
  [Type in keyof ParleyEvents]: { type: Type; detail: ParleyEvents[Type] };
}[keyof ParleyEvents];

/** Derives the page's events from a change. Messages present when the chat was opened were reported before. */
export function eventsBetween(before: ChatState, after: ChatState): ParleyEvent[] {
  if (!before.ready) return [];
  const known = new Map(before.messages.map((message) => [message.key, message]));
  const ofMessages = after.messages.flatMap((message) => {
    const old = known.get(message.key);
    return message === old ? [] : message.sender === "ai" ? ofReply(old, message) : ofVisitor(old, message);
  });
  return [...ofMessages, ...ofNotice(before, after)];
}

function ofReply(old: ChatState["messages"][number] | undefined, reply: ReplyMessage): ParleyEvent[] {
  // A reply that appears and ends in the same change was read from the history.
  if (old?.sender !== "ai" || old.phase === reply.phase) return [];
  const { id, text, phase, failure } = reply;
  if (phase === "failed") return [error("failed", failure ?? "There was no reply.")];
  return phase === "complete" || phase === "stopped"
    ? [{ type: "parley:reply", detail: { id, text, status: phase } }]
    : [];
}

function ofVisitor(old: ChatState["messages"][number] | undefined, message: VisitorMessage): ParleyEvent[] {
  const isNew = message.delivery === "refused" && !(old?.sender === "user" && old.delivery === "refused");
  return isNew ? [error("refused", message.refusal ?? "The message was refused.")] : [];
}

function ofNotice({ notice: before }: ChatState, { notice }: ChatState): ParleyEvent[] {
  if (notice?.kind === before?.kind) return [];
  if (notice?.kind === "originRefused") return [error("origin", "This page's origin is not in ALLOWED_ORIGINS.")];
  if (notice?.kind === "unreachable") return [error("unreachable", "The service cannot be reached.")];
  const waits = notice?.kind === "busy" || notice?.kind === "limited";
  return waits ? [error("busy", "The service asks to wait.")] : [];
}

function error(reason: ParleyEvents["parley:error"]["reason"], message: string): ParleyEvent {
  return { type: "parley:error", detail: { reason, message } };
}
