import { actionLifeHours, maxWaitingActions } from "../../tunables.ts";
import type { ActionCard } from "../../protocol/actions/action-card.ts";
import type { Columns } from "../schema/tables.ts";

/** An action that a model asks for, as the statement that ends its job stores it. */
export interface ProposedAction
  extends
    Columns<"actions", "id" | "tool" | "version" | "hash">,
    Pick<ActionCard, "title" | "lines" | "confirmLabel" | "refuseLabel"> {
  arguments: { [name: string]: unknown };
}

export function toProposalItem({ hash, ...action }: ProposedAction, at: number) {
  return { ...action, no: at + 1, hash: `\\x${hash.toString("hex")}` };
}

/** SQL for what an end is given of actions: rows of `ending` with `actions`, a list of `toProposalItem`. */
const items = (ending: string) => `${ending} cross join lateral jsonb_to_recordset(${ending}.actions) as one(
          id uuid, no int, tool text, version text, hash bytea, arguments jsonb, title text, lines jsonb,
          "confirmLabel" text, "refuseLabel" text)`;

/**
 * SQL for the actions that the end of a job changes, as `changed_actions`. It stores the proposals: one of a tool
 * replaces what waits of the same tool, and no more than so many wait. Jobs of a conversation end one after another, so
 * none can wait that this statement does not see. An action that the visitor has confirmed and that its job did not
 * send is withdrawn.
 *
 * Rows are looked up by arrays: a job that proposes nothing and answers nothing looks up none.
 */
export function changedByEnd(ending: string): string {
  return `
      replaced as (
        update actions set state = 'replaced', ended_at = now()
        where conversation_id = any(array(select conversation_id from ${ending} where actions is not null))
          and state = 'waiting' and exists (select from ${items(ending)} where ${ending}.conversation_id = actions.conversation_id and one.tool = actions.tool)
        returning id, conversation_id, no
      ), withdrawn as (
        update actions set state = 'withdrawn', ended_at = now()
        where id = any(array(select action_id from ${ending} where action_id is not null)) and state = 'confirmed'
        returning id, conversation_id, no
      ), proposed as (
        insert into actions (id, site_id, conversation_id, job_id, no, tool, version, hash, arguments, title, lines, confirm_label, refuse_label, expires_at)
        select one.id, ${ending}.site_id, ${ending}.conversation_id, ${ending}.id, one.no, one.tool, version, hash, arguments, title, lines, "confirmLabel", "refuseLabel",
               now() + interval '${actionLifeHours} h'
        from ${items(ending)}
        where one.no <= ${maxWaitingActions} - (
          select count(*) from actions as others
          where others.conversation_id = ${ending}.conversation_id and others.state = 'waiting'
            and others.tool not in (select other.tool from jsonb_to_recordset(${ending}.actions) as other(tool text)))
        returning id, conversation_id, no
      ), changed_actions as materialized (
        select id, conversation_id, no as place from replaced
        union all select id, conversation_id, no from withdrawn
        union all select id, conversation_id, 1000 + no from proposed
      )`;
}
