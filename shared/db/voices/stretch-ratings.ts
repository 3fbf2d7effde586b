import type { Pool } from "pg";
import type { StretchRatingRequest } from "../../protocol/people/stretch-rating.ts";
import { interval, ratingAskedMs } from "../../tunables.ts";
import { type OperatorName, operatorOf } from "../conversations/conversations.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Stretch with a person about which the visitor is to be asked. */
interface AskedStretch {
  stretch: number;
  /** The person; null if their row is gone. */
  operator: OperatorName | null;
}

export const readRatingAskedStatement: Statement<AskedStretch> = {
  name: "read-rating-asked",
  // The AI has the conversation, and had it not before: an earlier stretch is past asking.
  text: `
    select no as stretch, ${operatorOf("stretches.operator_id")} as operator
    from conversations join stretches on conversation_id = conversations.id and no = stretch - 1
    where conversations.id = $1 and deleted_at is null and conversations.handled_by = 'ai'
      and rating_asked and rated_at is null and ended_at > now() - ${interval(ratingAskedMs)}`,
};

/** @returns `undefined`: there is nothing to ask, or the visitor has answered */
export async function readRatingAsked(pool: Pool, conversationId: string): Promise<AskedStretch | undefined> {
  const [asked] = await query(pool, readRatingAskedStatement, [conversationId]);
  return asked;
}

export const rateStretchStatement: Statement<Columns<"stretches", "no">> = {
  name: "rate-stretch",
  // The event tells the visitor's other devices not to ask, and operators what was said.
  text: `
    with conversation as materialized (
      select id, site_id, handled_by, operator_id from conversations
      where id = $1 and deleted_at is null for no key update
    ), rated as (
      update stretches set rating = $3, comment = $4, rated_at = now() from conversation
      where conversation_id = conversation.id and no = $2 and rating_asked
      returning no
    ), moved as (
      update conversations set event_seq = event_seq + 1 from rated where id = $1 returning event_seq
    ), noted as (
      insert into events (conversation_id, site_id, seq, kind, handled_by, operator_id)
      select id, site_id, event_seq, 'handling', handled_by, operator_id from conversation cross join moved
    )
    select no from rated`,
};

/**
 * Stores how a stretch with a person went, in place of an earlier answer.
 * @returns false if nobody was asked about such a stretch
 */
export async function rateStretch(
  pool: Pool,
  conversationId: string,
  { no, rating, comment }: StretchRatingRequest & { no: number },
): Promise<boolean> {
  const rated = await query(pool, rateStretchStatement, [conversationId, no, rating, comment ?? null]);
  return rated.length === 1;
}
