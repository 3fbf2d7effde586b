import type { InboxLogRow } from "../../../shared/db/desk/inbox-log.ts";
import type { Handling } from "../../../shared/protocol/handling.ts";
import type { InboxEvent } from "../../../shared/protocol/operator.ts";
import { toMessageView, toOperatorView } from "../history/message-view.ts";
import { describeNotice } from "../voices/notices.ts";

/**
 * Formats an event of the log for operators, without its id.
 * @returns `undefined` for a message that was erased, and for kinds of a later version
 */
export function toInboxEvent(row: InboxLogRow): InboxEvent | undefined {
  const { kind, conversationId, seq, at, message, jobId, status, handledBy } = row;
  const place = { conversationId, seq, at: at.toISOString() };
  if (kind === "deleted") return { event: "deleted", data: place };
  if (kind === "message" && message) {
    const view = toMessageView({ ...message, createdAt: new Date(message.createdAt) });
    return { event: "message", data: { ...view, ...place } };
  }
  if (kind === "job" && jobId !== null && status !== null) {
    return { event: "job", data: { jobId, status, ...(handledBy !== null && { handledBy }), ...place } };
  }
  if (kind === "action" && row.action) return { event: "action", data: { ...row.action, ...place } };
  if (kind === "notice" && row.notice !== null) {
    return { event: "notice", data: { ...sayNotice(row, row.notice), ...place } };
  }
  if (kind !== "handling" || handledBy === null) return undefined;
  return { event: "handling", data: { ...describeHandling(row, handledBy), ...place } };
}

function describeHandling(row: InboxLogRow, handledBy: Handling["handledBy"]) {
  const { operator, operatorId, waitingSince, notice } = row;
  const answers = handledBy === "operator" && operatorId !== null;
  return {
    handledBy,
    ...(answers && operator && { operator: toOperatorView(operator) }),
    ...(answers && { operatorId }),
    ...(waitingSince && { waitingSince: waitingSince.toISOString() }),
    ...(notice !== null && { notice: sayNotice(row, notice) }),
  };
}

/** The words that the visitor reads. */
function sayNotice({ locale, operator }: InboxLogRow, code: NonNullable<InboxLogRow["notice"]>) {
  return describeNotice(code, { language: locale ?? undefined, operatorName: operator?.name });
}
