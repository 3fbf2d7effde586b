import type { ChatState, PersonMessage, ParleyEvent, ReplyMessage, VisitorMessage } from "./chat-state.ts";
import type { ParleyEvents } from "../../../packages/client/source/parley.d.ts";

/** Derives the page's events from a change. Messages present when the chat was opened were reported before. */
export function eventsBetween(before: ChatState, after: ChatState): ParleyEvent[] {
  if (!before.ready) return [];
  const known = new Map(before.messages.map((message) => [message.key, message]));
  // New messages before it, or in another conversation, were read from the history.
  const last = after.messages.findLastIndex(({ key }) => known.has(key));
  const isSame = before.conversationId === after.conversationId;
  const ofMessages = after.messages.flatMap((message, at) => {
    const old = known.get(message.key);
    if (message === old) return [];
    if (message.sender === "operator") return isSame && at > last ? [ofPerson(message)] : [];
    return message.sender === "ai" ? ofReply(old, message) : ofVisitor(old, message);
  });
  return [...(isSame ? ofHandling(before, after) : []), ...ofMessages, ...ofNotice(before, after)];
}

function ofPerson({ id, text, operator }: PersonMessage): ParleyEvent {
  return { type: "parley:operator", detail: { id, text, name: operator?.name } };
}

function ofHandling({ handling: before }: ChatState, { handling: { handledBy, operator } }: ChatState): ParleyEvent[] {
  const [name, isSame] = [operator?.name, before.handledBy === handledBy];
  return isSame && before.operator?.name === name ? [] : [{ type: "parley:handling", detail: { handledBy, name } }];
}

function ofReply(old: ChatState["messages"][number] | undefined, reply: ReplyMessage): ParleyEvent[] {
  // A reply that appears and ends in the same change was read from the history.
  if (old?.sender !== "ai" || old.phase === reply.phase) return [];
  const { id, text, phase, failure } = reply;
  if (phase === "failed") return [error("failed", failure ?? "No reply.")];
  return phase === "complete" || phase === "stopped"
    ? [{ type: "parley:reply", detail: { id, text, status: phase } }]
    : [];
}

function ofVisitor(old: ChatState["messages"][number] | undefined, message: VisitorMessage): ParleyEvent[] {
  const isNew = message.delivery === "refused" && !(old?.sender === "user" && old.delivery === "refused");
  return isNew ? [error("refused", message.refusal ?? "Refused.")] : [];
}

function ofNotice({ notice: before }: ChatState, { notice }: ChatState): ParleyEvent[] {
  if (notice?.kind === before?.kind) return [];
  if (notice?.kind === "originRefused") return [error("origin", "This page's origin is not in ALLOWED_ORIGINS.")];
  if (notice?.kind === "unreachable") return [error("unreachable", "The service cannot be reached.")];
  const waits = notice?.kind === "busy" || notice?.kind === "limited";
  return waits ? [error("busy", "The service is busy.")] : [];
}

function error(reason: ParleyEvents["parley:error"]["reason"], message: string): ParleyEvent {
  return { type: "parley:error", detail: { reason, message } };
}
