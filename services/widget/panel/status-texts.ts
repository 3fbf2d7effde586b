import type { ChatState, ConnectionNotice, ReplyMessage, VisitorMessage } from "../chat/chat-state.ts";
import type { UiStrings } from "../i18n/ui-strings.ts";

/** Words for what a queued reply waits for, if known: the reply before it, or its place in the service's queue. */
export function queueText(reply: ReplyMessage, { messages }: ChatState, strings: UiStrings): string | undefined {
  const { phase, position } = reply;
  if (phase !== "queued") return undefined;
  const first = messages.find((message) => message.sender === "ai" && /^(queued|writing)$/.test(message.phase));
  if (first !== undefined && first.key !== reply.key) return strings.waitsForReply;
  if (position === undefined) return undefined;
  return position <= 0 ? strings.nextInQueue : strings.queuePosition(position + 1);
}

export function noticeText(notice: ConnectionNotice | undefined, strings: UiStrings): string | undefined {
  return notice === undefined ? undefined : strings[notice.kind];
}

/** Words for a failure: those of its code in the visitor's language, or the service's own, which are English. */
export function failureText(
  { problem, ...said }: Pick<VisitorMessage, "problem" | "refusal"> & Pick<ReplyMessage, "failure">,
  { problems, ...strings }: UiStrings,
): string {
  const unknown = "failure" in said ? strings.noReply : strings.notSent;
  return (problems === undefined ? (said.refusal ?? said.failure) : problems[problem ?? ""]) ?? unknown;
}

export function deliveryText({ delivery }: VisitorMessage, strings: UiStrings): string | undefined {
  switch (delivery) {
    case "waiting":
      return strings.waiting;
    case "sending":
      return strings.sending;
    case "refused":
      return strings.notSent;
    case "sent":
      return undefined;
  }
}
