import type { Notice, ReplyMessage, VisitorMessage } from "../chat/chat-state.ts";
import type { UiStrings } from "../i18n/ui-strings.ts";

/** Words for a reply's position in the queue, if known. */
export function queueText({ phase, position }: ReplyMessage, strings: UiStrings): string | undefined {
  if (phase !== "queued" || position === undefined) return undefined;
  return position <= 0 ? strings.nextInQueue : strings.queuePosition(position + 1);
}

export function noticeText(notice: Notice | undefined, strings: UiStrings): string | undefined {
  return notice === undefined ? undefined : strings[notice.kind];
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
