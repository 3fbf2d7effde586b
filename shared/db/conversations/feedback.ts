import type { Pool } from "pg";
import type { Rating } from "../../protocol/conversation.ts";
import type { FeedbackReason } from "../../protocol/feedback.ts";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";
import type { Columns } from "../schema/tables.ts";
import { queryTyped, type RowOf, typedStatement } from "../typed-statement.ts";

/** The columns of a message that decide who may rate it. `visitorHash`: see `NewMessage`. */
export type OwnedMessage = RowOf<typeof messageOwnerStatement>;

interface MessageHere {
  messageId: string;
  siteId: string;
}

export const messageOwnerStatement = typedStatement("message-owner", ({ db }, { messageId, siteId }: MessageHere) =>
  db
    .selectFrom("messages")
    .innerJoin("conversations", "conversations.id", "conversation_id")
    .select(["messages.id", "conversation_id as conversationId", "visitor_hash as visitorHash", "sender", "imported"])
    .where("messages.id", "=", messageId)
    .where("site_id", "=", siteId)
    .where("deleted_at", "is", null),
);

/** @returns `undefined`: the site has no such message, or its conversation was deleted */
export async function readMessageOwner(pool: Pool, here: MessageHere): Promise<OwnedMessage | undefined> {
  const [message] = await queryTyped(pool, messageOwnerStatement, here);
  return message;
}

export const rateMessageStatement: Statement<Columns<"feedback", "message_id">> = {
  name: "rate-message",
  // A deletion that held the lock is visible: the row is read again once its lock is free. The lock is the one that the
  // trigger on this table takes, so that it is never raised.
  text: `
    with conversation as materialized (
      select id from conversations where id = $2 and deleted_at is null for no key update
    )
    insert into feedback (message_id, rating, comment, reason, assistant_type, provider, model)
    select messages.id, $3, $4, $5, jobs.assistant_type, jobs.provider, jobs.model
    from conversation
    join messages on messages.conversation_id = conversation.id
    join jobs on jobs.conversation_id = conversation.id and jobs.reply_id = messages.id
    where messages.id = $1 and messages.sender = 'ai' and not messages.imported
    on conflict (message_id) do update
      set rating = excluded.rating, comment = excluded.comment, reason = excluded.reason, rated_at = excluded.rated_at
    returning message_id as "messageId"`,
};

export interface VisitorFeedback {
  readonly rating: Rating;
  readonly comment?: string | undefined;
  readonly reason?: FeedbackReason | undefined;
}

/**
 * Stores a visitor's rating of a reply, replacing an earlier one.
 * @returns `false`: the reply no longer exists
 */
export async function rateMessage(
  pool: Pool,
  conversationId: string,
  messageId: string,
  { rating, comment, reason }: VisitorFeedback,
): Promise<boolean> {
  const values = [messageId, conversationId, rating, comment ?? null, reason ?? null];
  return (await query(pool, rateMessageStatement, values)).length === 1;
}

export const unrateMessageStatement: Statement = {
  name: "unrate-message",
  // The conversation's row is locked first, as everywhere: the trigger on this table writes it.
  text: `
    with conversation as materialized (
      select id from conversations where id = $2 for no key update
    )
    delete from feedback using conversation join messages on messages.conversation_id = conversation.id
    where message_id = $1 and messages.id = $1`,
};

/** Removes feedback; does nothing if there is none. */
export async function unrateMessage(pool: Pool, conversationId: string, messageId: string): Promise<void> {
  await query(pool, unrateMessageStatement, [messageId, conversationId]);
}

/**
 * Feedback on the replies of one assistant by one provider; `provider` is null if the reply was stopped before it was
 * complete. `comments` counts ratings of either kind that have one.
 */
export type FeedbackCount = RowOf<typeof countFeedbackStatement>;

export const countFeedbackStatement = typedStatement("count-feedback", ({ db }, since: Date) =>
  db
    .selectFrom("feedback")
    .select(["assistant_type as assistantType", "provider"])
    .select((eb) => [
      eb.cast<number>(eb.fn.countAll().filterWhere("rating", "=", "up"), "integer").as("up"),
      eb.cast<number>(eb.fn.countAll().filterWhere("rating", "=", "down"), "integer").as("down"),
      eb.cast<number>(eb.fn.count("comment"), "integer").as("comments"),
    ])
    .where("rated_at", ">=", since)
    .groupBy(["assistant_type", "provider"])
    .orderBy("assistant_type")
    .orderBy("provider"),
);

/** @param since older feedback does not count */
export async function countFeedback(pool: Pool, since: Date): Promise<FeedbackCount[]> {
  return queryTyped(pool, countFeedbackStatement, since);
}
