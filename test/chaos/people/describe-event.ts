import type { ConversationEvent } from "../../../shared/protocol/events.ts";
import type { InboxEvent } from "../../../shared/protocol/operator.ts";

/** An event of a conversation's stream or of the inbox. */
export type TalkEvent = ConversationEvent | InboxEvent;

/** Says what an event tells, in the words of `describeRow`. */
export function describeEvent(event: TalkEvent): string {
  if (event.event === "message") return `message ${event.data.id}`;
  if (event.event === "job") return describeJob(event.data.jobId, event.data.status, event.data.handledBy);
  return event.event === "handling" ? `handling ${event.data.handledBy}` : event.event;
}

/** A row of the log. */
export interface LogRow {
  /** Null of the newest, which nobody has numbered. */
  pos: number | null;
  conversationId: string;
  seq: number;
  kind: string;
  messageId: string | null;
  jobId: string | null;
  status: string | null;
  handledBy: string | null;
  operatorId: string | null;
  notice: string | null;
  at: number;
}

/** Says what readers of the log are told of a row. */
export function describeRow({ kind, messageId, jobId, status, handledBy }: LogRow): string {
  if (kind === "message") return `message ${messageId}`;
  if (kind === "job") return describeJob(jobId, status, handledBy);
  return kind === "handling" ? `handling ${handledBy}` : kind;
}

function describeJob(jobId: string | null, status: string | null, handledBy: string | null | undefined): string {
  return ["job", jobId, status, handledBy].filter((word) => typeof word === "string").join(" ");
}
