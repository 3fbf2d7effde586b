import type { Pool } from "pg";
import { interval, strandedActionMs } from "../../tunables.ts";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Actions that are looked at in one round. */
const aRound = 100;

export const expireActionsStatement: Statement<{ expired: number }> = {
  name: "expire-actions",
  // The conversation's row is locked first, as by all that changes an action; one in use is left for the next round.
  text: `
    with due as materialized (
      select id, conversation_id from actions where state = 'waiting' and expires_at < now() order by expires_at limit ${aRound}
    ), locked as materialized (
      select id from conversations where id = any(array(select conversation_id from due)) for no key update skip locked
    ), expired as (
      update actions set state = 'expired', ended_at = now()
      from due join locked on locked.id = due.conversation_id where actions.id = due.id and state = 'waiting'
      returning actions.id, actions.conversation_id, proposed_at, no
    ), moved as (
      update conversations set event_seq = event_seq + changes
      from (select conversation_id, count(*)::int as changes from expired group by conversation_id) as counted
      where conversations.id = counted.conversation_id
      returning conversations.id, site_id, event_seq - changes as before
    ), noted as (
      insert into events (conversation_id, site_id, seq, kind, action_id)
      select moved.id, site_id, before + row_number() over (partition by moved.id order by proposed_at, no), 'action', expired.id
      from moved join expired on expired.conversation_id = moved.id order by 3
    )
    select count(*)::int as expired from expired`,
};

/** Ends the cards that nobody has answered in their time. */
export async function expireActions(pool: Pool): Promise<number> {
  const [row] = await query(pool, expireActionsStatement, []);
  return row?.expired ?? 0;
}

export const strandedActionsStatement: Statement<Columns<"actions", "id">> = {
  name: "stranded-actions",
  text: `
    select id from actions
    where state = 'sent' and sent_at < now() - ${interval(strandedActionMs)}
      and (select status from jobs where jobs.id = answer_id) is distinct from 'active'
    order by sent_at limit ${aRound}`,
};

/** Finds actions that were sent and whose outcome nobody will record: their job has ended, and their sender is gone. */
export async function findStrandedActions(pool: Pool): Promise<string[]> {
  return (await query(pool, strandedActionsStatement, [])).map(({ id }) => id);
}
