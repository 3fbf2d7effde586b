import type { DeskConversation, DeskRow, ListedJob, ListedNote } from "../../../shared/db/desk/read-conversation.ts";
import { cursorOf } from "../../../shared/events/cursor.ts";
import type { Handling } from "../../../shared/protocol/handling.ts";
import type { InboxEntry, NoteView, OperatorConversation } from "../../../shared/protocol/operator.ts";
import { toMessageView } from "../history/message-view.ts";

/** Name shown where the operator's row is gone. */
const unnamed = "(unknown)";

/** Fields of a conversation that the inbox shows, too. */
export function toEntry(row: DeskRow): Omit<InboxEntry, "lastMessage" | "unseen" | "unread"> {
  const { operatorId, operator, waitingSince, closedAt, channel, metadata } = row;
  return {
    id: row.id,
    handledBy: row.handledBy,
    ...(operatorId !== null && { operator: { id: operatorId, name: operator?.name ?? unnamed } }),
    ...(waitingSince && { waitingSince: waitingSince.toISOString() }),
    ...(closedAt && { closedAt: closedAt.toISOString() }),
    ...(row.blocked && { blocked: true as const }),
    channel: channel ?? channelOf(metadata),
    assistantType: row.assistantType,
    verifiedVisitor: row.verifiedVisitor,
    metadata,
    activeJobId: row.openJobs[0] ?? null,
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** The widget says its page and language with each message; other clients need not. */
function channelOf(metadata: Record<string, string>): InboxEntry["channel"] {
  return "page" in metadata && "locale" in metadata ? "widget" : "api";
}

/** @param limit maximum messages of the page */
export function toOperatorConversation(
  row: DeskConversation,
  { limit, handling }: { limit: number; handling: Handling },
): OperatorConversation {
  const messages = row.messages.slice(0, limit).toReversed();
  const [oldest] = messages;
  return {
    ...toEntry(row),
    ...(handling.expected && { expected: handling.expected }),
    emailLeft: row.emailLeft,
    messages: messages.map((message) => toMessageView({ ...message, createdAt: new Date(message.createdAt) })),
    ...(row.messages.length > limit && oldest && { nextBefore: oldest.id }),
    stretches: row.stretches.map(toStretch),
    notes: row.notes.map(toNote),
    jobs: row.jobs.map(toJob),
    actions: row.actions,
    cursor: cursorOf(row.id, row.eventSeq),
  };
}

function toStretch(stretch: DeskConversation["stretches"][number]): OperatorConversation["stretches"][number] {
  const { no, handledBy, operator, reason, beganAt, endedAt, rating, comment, ratedAt } = stretch;
  return {
    no,
    handledBy,
    ...(operator !== null && { operator }),
    ...(reason !== null && { reason }),
    beganAt: iso(beganAt),
    ...(endedAt !== null && { endedAt: iso(endedAt) }),
    ...(rating !== null && ratedAt !== null && { rated: { rating, comment, ratedAt: iso(ratedAt) } }),
  };
}

function toNote({ id, operator, text, createdAt }: ListedNote): NoteView {
  return { id, operator: operator ?? unnamed, text, createdAt: iso(createdAt) };
}

function toJob(job: ListedJob): OperatorConversation["jobs"][number] {
  const { id, messageId, status, handledBy, assistantType, provider, errorCode, attempt, passages, costUsd } = job;
  return {
    jobId: id,
    messageId,
    status,
    ...(handledBy !== null && { handledBy }),
    assistantType,
    ...(provider !== null && { provider }),
    ...(errorCode !== null && { error: errorCode }),
    attempt,
    createdAt: iso(job.createdAt),
    ...(job.startedAt !== null && { startedAt: iso(job.startedAt) }),
    ...(job.finishedAt !== null && { finishedAt: iso(job.finishedAt) }),
    ...(passages > 0 && { passages }),
    costUsd,
  };
}

/** Rewrites a time of PostgreSQL's JSON, which has microseconds and an offset. */
function iso(time: string): string {
  return new Date(time).toISOString();
}
