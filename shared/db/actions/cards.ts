import type { Pool } from "pg";
import type { ActionCard } from "../../protocol/actions/action-card.ts";
import type { Statement } from "../../postgres/statement.ts";
import { byIds } from "../batch-sql.ts";
import { batchedRead } from "../batched.ts";
import { query } from "../database.ts";

/** Cards of a conversation that are read: far more than anybody answers. */
const newestRead = 50;

/** SQL for an action as visitors see it, from a row of `actions`. One whose conversation was deleted has no words. */
const card = `json_strip_nulls(json_build_object('id', actions.id, 'tool', tool, 'title', title, 'lines', lines, 'state', state,
  'confirmLabel', confirm_label, 'refuseLabel', refuse_label,
  'messageId', (select message_id from jobs where jobs.id = actions.job_id),
  'answerMessageId', (select message_id from jobs where jobs.id = actions.answer_id),
  'expiresAt', to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'result', result))`;

/** SQL for the cards that a job has brought, in their order. */
export function cardsOfJob(job: string): string {
  return `(select coalesce(json_agg(${card} order by no), '[]') from actions where actions.job_id = ${job} and title is not null)`;
}

/** SQL for the newest cards of a conversation, in the order in which they were proposed. */
export function cardsOfConversation(conversation: string): string {
  return `(select coalesce(json_agg(${card} order by proposed_at, no), '[]') from (
      select * from actions where actions.conversation_id = ${conversation} and title is not null
      order by proposed_at desc, no desc limit ${newestRead}
    ) as actions)`;
}

/** SQL for one card; null if there is none, or its conversation was deleted. */
export function cardOf(action: string): string {
  return `(select ${card} from actions where actions.id = ${action} and title is not null)`;
}

export const cardsByIdStatement: Statement<{ id: string; card: ActionCard | null }> = {
  name: "action-cards",
  text: `
    select id, case when title is not null then ${card} end as card
    from ${byIds("actions", "id, job_id, tool, title, lines, confirm_label, refuse_label, state, expires_at, result, answer_id", "$1")}`,
};

/** Reads an action as its visitor sees it. Concurrent calls share a statement. */
export const readCard = batchedRead((pool: Pool, ids) => query(pool, cardsByIdStatement, [ids]));

export const conversationCardsStatement: Statement<{ actions: ActionCard[] }> = {
  name: "conversation-cards",
  text: `select ${cardsOfConversation("$1::uuid")} as actions`,
};

/** Reads the newest cards of a conversation, oldest first. */
export async function readCards(pool: Pool, conversationId: string): Promise<ActionCard[]> {
  const [row] = await query(pool, conversationCardsStatement, [conversationId]);
  return row?.actions ?? [];
}
