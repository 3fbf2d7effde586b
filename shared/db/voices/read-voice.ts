import type { Pool } from "pg";
import type { HandledBy, HandoffReason } from "../../protocol/handling.ts";
import type { Sender } from "../../protocol/conversation.ts";
import type { JobStatus } from "../../protocol/job.ts";
import { interval, takeDeadlineMs } from "../../tunables.ts";
import { type OperatorName, operatorOf } from "../conversations/conversations.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import { isPaused } from "./assistant-pauses.ts";
import type { Statement } from "../../postgres/statement.ts";

/** State of a conversation from which a change of who answers is decided; see `changeVoice`. */
export interface Voice extends Columns<
  "conversations",
  "operator_id" | "assistant_type" | "handoff_email" | "emails_left" | "closed_at"
> {
  handledBy: HandledBy;
  handoffDue: HandoffReason | null;
  operator: OperatorName | null;
  /** True while the AI that would answer is paused. */
  paused: boolean;
  /** Raised by every change: a change that expects this number decides about nothing else than what is here. */
  eventSeq: number;
  /** Time by the database's clock until which a change decided from this may be stored. */
  deadline: Date;
  head: { id: string; status: JobStatus; attempt: number } | null;
  newest: NewestMessage | null;
}

interface NewestMessage {
  id: string;
  turn: number;
  sender: Sender;
  /** True if an open job answers it. */
  open: boolean;
}

/** SQL for the assistant of the job that is next, else of the conversation. */
const openAssistant =
  "coalesce((select jobs.assistant_type from jobs where jobs.id = open_jobs[1]), conversations.assistant_type)";

export const readVoiceStatement: Statement<Voice> = {
  name: "read-voice",
  // The reply of a turn is newer than its message.
  text: `
    select handled_by as "handledBy", operator_id as "operatorId", ${operatorOf("operator_id")} as operator,
           assistant_type as "assistantType", event_seq as "eventSeq", handoff_due as "handoffDue",
           handoff_email as "handoffEmail", emails_left as "emailsLeft", closed_at as "closedAt",
           ${isPaused("conversations.site_id", openAssistant)} as paused,
           clock_timestamp() + ${interval(takeDeadlineMs)} as deadline,
           (select json_build_object('id', id, 'status', status, 'attempt', attempt)
            from jobs where id = open_jobs[1]) as head,
           (select json_build_object('id', id, 'turn', turn, 'sender', sender, 'open', exists (
              select from jobs where jobs.id = any(open_jobs) and message_id = messages.id))
            from messages where conversation_id = conversations.id
            order by turn desc, sender limit 1) as newest
    from conversations where id = $1 and deleted_at is null and ($2::text is null or site_id = $2)`,
};

/**
 * @param siteId absent: of any site
 * @returns `undefined`: there is no such conversation, or it was deleted
 */
export async function readVoice(pool: Pool, conversationId: string, siteId?: string): Promise<Voice | undefined> {
  const [voice] = await query(pool, readVoiceStatement, [conversationId, siteId ?? null]);
  return voice;
}
