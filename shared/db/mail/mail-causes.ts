import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { interval, mailAnswerAfterMs, mailCauseMs, mailOperatorsAfterMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Each round adds at most so many mails of a kind. */
const mailsARound = 500;

export const noteWaitingVisitorsStatement: Statement<Columns<"mails", "id">> = {
  name: "note-waiting-visitors",
  // One mail for each operator and stretch, while nobody is online or nobody has seen the newest message.
  text: `
    with found as (
      select conversations.site_id, conversations.id as conversation, stretch, operators.id as operator,
             concat_ws(':', 'visitor-waits', conversations.id, stretch, operators.id) as cause
      from conversations join operators on operators.site_id = conversations.site_id
      where handled_by = 'waiting' and deleted_at is null and blocked_at is null
        and waiting_since between now() - ${interval(mailCauseMs)} and now() - ${interval(mailOperatorsAfterMs)}
        and role in ('admin', 'operator') and left_at is null and email is not null
        and (
          not exists (
            select from operators as present
            where present.site_id = conversations.site_id and present_until > now() and left_at is null
          ) or exists (
            select from messages where conversation_id = conversations.id and turn > seen_turn and sender = 'user'
          )
        )
    )
    insert into mails (id, site_id, kind, cause, conversation_id, stretch, operator_id)
    select gen_random_uuid(), site_id, 'visitor-waits', cause, conversation, stretch, operator
    from found where not exists (select from mails where mails.cause = found.cause)
    limit ${mailsARound}
    on conflict (cause) do nothing returning id`,
};

export const noteAnswersStatement: Statement<Columns<"mails", "id">> = {
  name: "note-answers",
  // The first message of an operator after the visitor's last one and what the visitor has seen, and after the address was left.
  text: `
    with found as (
      select site_id, conversations.id as conversation, answer.id as message, 'answer:' || answer.id as cause
      from conversations cross join lateral (
        select id, created_at from messages
        where conversation_id = conversations.id and sender = 'operator'
          and turn > coalesce((
            select turn from messages as own where own.conversation_id = conversations.id and own.sender = 'user'
            order by turn desc limit 1), 0)
          and turn > visitor_seen_turn and created_at >= coalesce(email_left_at, '-infinity')
        order by turn limit 1
      ) as answer
      where handoff_email is not null and deleted_at is null and updated_at > now() - ${interval(mailCauseMs)}
        and answer.created_at between now() - ${interval(mailCauseMs)} and now() - ${interval(mailAnswerAfterMs)}
    )
    insert into mails (id, site_id, kind, cause, conversation_id, message_id)
    select gen_random_uuid(), site_id, 'answer', cause, conversation, message
    from found where not exists (select from mails where mails.cause = found.cause)
    limit ${mailsARound}
    on conflict (cause) do nothing returning id`,
};

/**
 * Looks for what somebody is to be told by mail, and notes one mail for each cause. Safe to run twice, and at the same
 * time.
 * @returns how many are new
 */
export async function noteMails(pool: Pool): Promise<number> {
  const waiting = await query(pool, noteWaitingVisitorsStatement, []);
  const answers = await query(pool, noteAnswersStatement, []);
  return waiting.length + answers.length;
}
