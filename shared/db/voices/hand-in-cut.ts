import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { handInMs, interval } from "../../tunables.ts";
import { query } from "../database.ts";
import { sourcesWithin } from "../replies/citations.ts";
import type { Columns } from "../schema/tables.ts";

export const handInCutStatement: Statement<Columns<"jobs", "id">> = {
  name: "hand-in-cut",
  text: `
    with held as materialized (
      select id from conversations where id = $1 and deleted_at is null and handled_by <> 'ai' for no key update
    ), cut as (
      update jobs set reply_id = $4, reply_attempt = attempt
      from held where jobs.id = $2 and attempt = $3 and status = 'cancelled' and error_code = 'taken_over'
        and reply_id is null and finished_at > now() - ${interval(handInMs)}
      returning jobs.id, jobs.turn
    ), left_standing as (
      select id as job, $3::int as attempt, $5::text as text from cut
    ), ${sourcesWithin("left_standing", "$4::uuid")}, replied as (
      insert into messages (id, conversation_id, turn, sender, text, finish_reason)
      select $4, $1, turn, 'ai', $5, 'taken_over' from cut
    ), moved as (
      update conversations set message_count = message_count + 1, event_seq = event_seq + 1, updated_at = now()
      from cut where conversations.id = $1 returning conversations.id, site_id, event_seq
    ), noted as (
      insert into events (conversation_id, site_id, seq, kind, message_id, job_id)
      select id, site_id, event_seq, 'message', $4, $2 from moved
    )
    select id from cut`,
};

interface HandedIn {
  conversationId: string;
  jobId: string;
  attempt: number;
  replyId: string;
  /** Text that the draft store had acknowledged before the take-over. */
  text: string;
}

/**
 * Stores what was shown of a reply, after a take-over that found no draft: its store was away. It is refused when late,
 * and once the AI has the conversation again: another job answers the message then.
 * @returns false if there was no such take-over
 */
export async function handInCut(
  pool: Pool,
  { conversationId, jobId, attempt, replyId, text }: HandedIn,
): Promise<boolean> {
  return (await query(pool, handInCutStatement, [conversationId, jobId, attempt, replyId, text])).length === 1;
}
