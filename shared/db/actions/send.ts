import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** An action as the run of its answer needs it. */
export interface ActionToRun
  extends
    Columns<
      "actions",
      "id" | "conversation_id" | "tool" | "version" | "hash" | "arguments" | "title" | "state" | "result"
    >,
    /** Assistant that proposed it. */
    Columns<"jobs", "assistant_type"> {
  /** Time since it was sent, by the database's clock; null: it was not. */
  sentMs: number | null;
  /** Language of the visitor. */
  locale: string | null;
  /** False if its tool needs no confirmation: the run that proposed it has sent it. */
  asked: boolean;
}

/** SQL that reads actions. */
export const actionToRun = `
    select actions.id, conversation_id as "conversationId", tool, version, hash, arguments, title, state, result,
           answer_id is distinct from actions.job_id as asked,
           (select assistant_type from jobs where jobs.id = actions.job_id) as "assistantType",
           (extract(epoch from now() - sent_at) * 1000)::float8 as "sentMs",
           (select metadata ->> 'locale' from conversations where conversations.id = conversation_id) as locale
    from actions`;

export const actionToRunStatement: Statement<ActionToRun> = {
  name: "action-to-run",
  text: `${actionToRun} where actions.id = $1`,
};

/** Reads an action; `undefined`: it was erased before it was sent. */
export async function readActionToRun(pool: Pool, id: string): Promise<ActionToRun | undefined> {
  const [action] = await query(pool, actionToRunStatement, [id]);
  return action;
}

export const markSentStatement: Statement<Columns<"actions", "id">> = {
  name: "mark-action-sent",
  // The job's row is locked: a claim, a cancel and a take-over come before this or after it, and then find it sent.
  text: `
    with held as materialized (
      select id from jobs where id = $2 and attempt = $3 and status = 'active' and action_id = $1 for no key update
    )
    update actions set state = 'sent', sent_at = coalesce(sent_at, now()), sent_by = $4
    from held where actions.id = $1 and (state = 'confirmed' or state = 'sent' and sent_by = $4)
    returning actions.id`,
};

/** The run that sends an action. */
export interface ActionSender {
  jobId: string;
  attempt: number;
  /** Names this one sending. */
  token: string;
}

/**
 * Notes that an action is about to be sent, if its job still belongs to this attempt. It may be repeated under the same
 * token until it is sent, but not after.
 * @returns false: it must not be sent
 */
export async function markSent(pool: Pool, id: string, { jobId, attempt, token }: ActionSender): Promise<boolean> {
  return (await query(pool, markSentStatement, [id, jobId, attempt, token])).length === 1;
}

export type OutcomeState = Extract<Columns<"actions", "state">["state"], "done" | "failed" | "unknown">;

export const settleActionStatement: Statement<Columns<"actions", "conversation_id"> & { handoffDue: boolean }> = {
  name: "settle-action",
  // The sender may learn after all what somebody else gave up as unknown, or was refused when it called again: that it is done
  // cannot be untrue. The outcome stands whatever became of job
  // and conversation; one that was deleted hears nothing, and keeps no words.
  text: `
    with held as materialized (
      select id from conversations where id = (select conversation_id from actions where id = $1) for no key update
    ), ended as (
      update actions set state = $2::text, ended_at = now(), result = case when title is not null then $3::text end
      where id = $1 and (state = 'sent' or state = 'unknown' and $2::text <> 'unknown' or state = 'failed' and $2::text = 'done') and (select count(*) from held) >= 0
      returning conversation_id
    ), moved as (
      update conversations
      set event_seq = event_seq + 1,
          handoff_due = case when $4::boolean and handled_by = 'ai' then coalesce(handoff_due, 'unknown-action') else handoff_due end
      from ended where conversations.id = ended.conversation_id and deleted_at is null
      returning id, site_id, event_seq, handoff_due is not null as due
    ), noted as (
      insert into events (conversation_id, site_id, seq, kind, action_id) select id, site_id, event_seq, 'action', $1 from moved
    )
    select conversation_id as "conversationId", coalesce((select due from moved), false) as "handoffDue" from ended`,
};

/**
 * Records what became of an action that was sent.
 * @param handsOver true: the conversation goes to a person, if the AI has it
 * @returns `undefined`: another outcome stands already
 */
export async function settleAction(
  pool: Pool,
  id: string,
  { state, result, handsOver = false }: { state: OutcomeState; result: string | null; handsOver?: boolean },
): Promise<{ conversationId: string; handoffDue: boolean } | undefined> {
  const [settled] = await query(pool, settleActionStatement, [id, state, result, handsOver]);
  return settled;
}
