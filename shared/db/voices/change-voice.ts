import type { Pool } from "pg";
import type { HandledBy, NoticeCode } from "../../protocol/handling.ts";
import type { JobStatus } from "../../protocol/job.ts";
import { query } from "../database.ts";
import { changeAndSealStatement, type ChangedVoice, changeVoiceWithTextStatement } from "./change-voice-statement.ts";
import type { Columns } from "../schema/tables.ts";

/** Change of who answers a conversation, an operator's message, or both. */
export interface VoiceChange {
  conversationId: string;
  /** State from which it was decided; see `Voice`. If anything has changed since, nothing is written. */
  seen: { eventSeq: number; deadline: Date };
  handledBy: HandledBy;
  /** Person who answers from now on. */
  operatorId: string | null;
  /** Person who decided it, where they no longer answer: the notice names them. */
  by?: string;
  reason: Columns<"stretches", "reason">["reason"];
  /** Words of the service to the visitor, given with each change of who answers. Absent: the same side answers. */
  notice?: NoticeCode | undefined;
  /** Jobs that end by it: `queued` by a handoff, `open` by a take-over. */
  ends: "none" | "queued" | "open";
  /** Take-over of a reply that is being written. */
  cut?: Cut | undefined;
  message?: OperatorMessage | undefined;
  /** For colleagues alone. Kept once by its id. */
  note?: OperatorNote | undefined;
  /** Job for the visitor's unanswered message, when the AI has the conversation again. */
  answer?: { jobId: string; messageId: string; turn: number; requestId: string | null } | undefined;
  /** Absent: unchanged. */
  email?: string | null | undefined;
  closes?: boolean;
  /** The visitor is told that nobody has come; who answers stays as it is. */
  overdue?: boolean;
  /** An operator had it, and wrote nothing. */
  returned?: boolean;
}

/** Bytes of an attempt that a take-over leaves standing. */
interface Cut {
  replyId: string;
  /** The job as it was when its draft was sealed. */
  job: { status: JobStatus; attempt: number };
  /** The sealed draft. Absent where drafts are rows: then the statement seals. Null: the draft store was away. */
  text?: string | null;
}

export interface OperatorMessage {
  id: string;
  text: string;
  operatorId: string;
  idempotencyHash: Buffer | null;
  requestHash: Buffer | null;
}

export interface OperatorNote {
  id: string;
  text: string;
  operatorId: string;
}

/**
 * Changes who answers, in one statement: what is said, what ends, who answers and the events of it are there together or
 * not at all. Nobody can see a part, and no process that freezes in between holds a row.
 * @returns `undefined`: the conversation has changed since it was read, or the deadline is over; nothing was written
 */
export async function changeVoice(pool: Pool, change: VoiceChange): Promise<ChangedVoice | undefined> {
  const {
    seen,
    cut,
    message,
    note,
    answer,
    email,
    closes = false,
    overdue = false,
    returned = false,
    ...rest
  } = change;
  const item = {
    ...rest,
    eventSeq: seen.eventSeq,
    deadline: seen.deadline,
    closes,
    overdue,
    returned,
    replyId: cut?.replyId,
    headStatus: cut?.job.status,
    headAttempt: cut?.job.attempt,
    text: cut?.text,
    messageId: message?.id,
    messageText: message?.text,
    author: message?.operatorId,
    idempotencyHash: hex(message?.idempotencyHash),
    requestHash: hex(message?.requestHash),
    noteId: note?.id,
    noteText: note?.text,
    noteBy: note?.operatorId,
    jobId: answer?.jobId,
    answeredId: answer?.messageId,
    answeredTurn: answer?.turn,
    requestId: answer?.requestId,
    email,
    setsEmail: email !== undefined,
  };
  const seals = cut !== undefined && cut.text === undefined;
  const statement = seals ? changeAndSealStatement : changeVoiceWithTextStatement;
  const [changed] = await query(pool, statement, [JSON.stringify(item)]);
  return changed;
}

function hex(bytes: Buffer | null | undefined): string | null {
  return bytes ? `\\x${bytes.toString("hex")}` : null;
}
