import type { Pool } from "pg";
import { v5, v7 } from "uuid";
import type { Statement } from "../../postgres/statement.ts";
import type { HandledBy } from "../../protocol/handling.ts";
import { type OperatorName, operatorOf } from "../conversations/conversations.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A conversation after a change: the side that answers it, and its newest event. */
export interface ChangedRow extends Columns<"conversations", "event_seq"> {
  handledBy: HandledBy;
  operator: OperatorName | null;
}

const changed = `event_seq as "eventSeq", handled_by as "handledBy", ${operatorOf("operator_id")} as operator`;

/** An operator's change of a conversation. */
interface Change {
  siteId: string;
  conversationId: string;
  operatorId: string;
}

export const addNoteStatement: Statement<Columns<"notes", "id" | "text" | "created_at">> = {
  name: "add-note",
  // The lock makes a deletion wait that would not see the note, and leaves messages alone.
  text: `
    insert into notes (id, site_id, conversation_id, operator_id, text)
    select $3, site_id, id, $4, $5 from (
      select id, site_id from conversations where id = $1 and site_id = $2 and deleted_at is null for key share
    ) as conversation
    on conflict (id) do update set text = notes.text
    returning id, text, created_at as "createdAt"`,
};

/** @param key names the operator's note in the conversation; absent: each is a new one */
export function noteIdOf({ conversationId, operatorId }: Omit<Change, "siteId">, key: string | undefined): string {
  return key === undefined ? v7() : v5(`${operatorId}:${key}`, conversationId);
}

/**
 * @param key names the operator's note in the conversation: sent again, it is the note of the first time
 * @returns `undefined` if there is no such conversation
 */
export async function addNote(
  pool: Pool,
  { siteId, conversationId, operatorId, text, key }: Change & { text: string; key?: string | undefined },
): Promise<Columns<"notes", "id" | "text" | "created_at"> | undefined> {
  const id = noteIdOf({ conversationId, operatorId }, key);
  const [note] = await query(pool, addNoteStatement, [conversationId, siteId, id, operatorId, text]);
  return note;
}

export const markSeenStatement: Statement<ChangedRow> = {
  name: "mark-seen",
  text: `
    with seen as (
      select id, coalesce(
        (select turn from messages where messages.id = $3 and conversation_id = conversations.id), next_turn - 1) as turn
      from conversations where id = $1 and site_id = $2 and deleted_at is null
    ), own as (
      insert into conversation_looks (conversation_id, operator_id, seen_turn) select id, $4, turn from seen
      on conflict (conversation_id, operator_id)
        do update set seen_turn = greatest(conversation_looks.seen_turn, excluded.seen_turn)
    )
    update conversations set seen_turn = greatest(seen_turn, seen.turn) from seen
    where conversations.id = seen.id and deleted_at is null returning ${changed}`,
};

/**
 * Notes that an operator has seen the messages up to one, or all.
 * @returns `undefined` if there is no such conversation
 */
export async function markSeen(
  pool: Pool,
  { siteId, conversationId, operatorId, messageId }: Change & { messageId: string | undefined },
): Promise<ChangedRow | undefined> {
  const [row] = await query(pool, markSeenStatement, [conversationId, siteId, messageId ?? null, operatorId]);
  return row;
}

/**
 * SQL for the conversation, and all of its visitor if they are verified. Rows are locked in one order, so that two such
 * statements never wait for each other.
 */
const ofVisitor = `
    conversation as materialized (
      select id, site_id, visitor_hash, event_seq, handled_by, operator_id from conversations
      where id = $1 and site_id = $2 and deleted_at is null
    ), theirs as materialized (
      select id from conversations where deleted_at is null and id in (
        select id from conversation
        union
        select others.id from conversation join conversations as others
          on others.visitor_hash = conversation.visitor_hash and others.site_id = conversation.site_id
      ) order by id for no key update
    )`;

export const blockVisitorStatement: Statement<ChangedRow> = {
  name: "block-visitor",
  // Also marks the other conversations: whoever holds the token of one need not show who they are.
  text: `
    with ${ofVisitor}, blocked as (
      update conversations set blocked_at = now() from theirs where conversations.id = theirs.id and blocked_at is null
    ), visitor as (
      insert into blocked_visitors (site_id, visitor_hash, operator_id)
      select site_id, visitor_hash, $3 from conversation where visitor_hash is not null on conflict do nothing
    )
    select ${changed} from conversation`,
};

export const unblockVisitorStatement: Statement<ChangedRow> = {
  name: "unblock-visitor",
  text: `
    with ${ofVisitor}, visitor as (
      delete from blocked_visitors using conversation
      where blocked_visitors.site_id = conversation.site_id and blocked_visitors.visitor_hash = conversation.visitor_hash
    ), unblocked as (
      update conversations set blocked_at = null from theirs where conversations.id = theirs.id and blocked_at is not null
    )
    select ${changed} from conversation`,
};

/**
 * Refuses further messages of a conversation's visitor, or takes them again: in all their conversations, if the visitor
 * is verified.
 * @returns `undefined` if there is no such conversation
 */
export async function setBlocked(
  pool: Pool,
  { siteId, conversationId, operatorId, blocked }: Change & { blocked: boolean },
): Promise<ChangedRow | undefined> {
  const [row] = blocked
    ? await query(pool, blockVisitorStatement, [conversationId, siteId, operatorId])
    : await query(pool, unblockVisitorStatement, [conversationId, siteId]);
  return row;
}
