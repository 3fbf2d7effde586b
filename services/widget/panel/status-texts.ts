import type { Notice, ReplyMessage, VisitorMessage } from "../chat/chat-state.ts";
import type { Words } from "../i18n/ui-strings.ts";

/** Words for a reply's position in the queue, if known. */
export function placeWords({ phase, position }: ReplyMessage, words: Words): string | undefined {
  if (phase !== "queued" || position === undefined) return undefined;
  return position <= 0 ? words.next : words.inLine(position + 1);
}

export function noticeWords(notice: Notice | undefined, words: Words): string | undefined {
  return notice === undefined ? undefined : words[notice.kind];
}

export function deliveryWords({ delivery }: VisitorMessage, words: Words): string | undefined {
  switch (delivery) {
    case "waiting":
      return words.waiting;
    case "sending":
      return words.sending;
    case "refused":
      return words.notSent;
    case "sent":
      return undefined;
  }
}
