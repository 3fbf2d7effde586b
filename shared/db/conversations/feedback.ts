import type { Pool } from "pg";
import type { Rating, Sender } from "../../protocol/conversation.ts";
import { query } from "../database.ts";

/** The columns of a message that decide who may rate it. */
export interface OwnedMessage {
  id: string;
  conversationId: string;
  /** See `visitorHash` of `NewMessage`. */
  visitorHash: Buffer | null;
  sender: Sender;
  imported: boolean;
}

const ownerStatement = {
  name: "message-owner",
  text: `
    select messages.id, conversation_id as "conversationId", visitor_hash as "visitorHash", sender, imported
    from messages join conversations on conversations.id = conversation_id
    where messages.id = $1 and deleted_at is null`,
};

/** @returns `undefined`: there is no such message, or its conversation was deleted */
export async function readMessageOwner(pool: Pool, messageId: string): Promise<OwnedMessage | undefined> {
  const [message] = await query<OwnedMessage>(pool, ownerStatement, [messageId]);
  return message;
}

const rateStatement = {
  name: "rate-message",
  // A deletion that held the lock is visible: the row is read again once its lock is free.
  text: `
    with conversation as materialized (
      select id from conversations where id = $2 and deleted_at is null for key share
    )
    insert into feedback (message_id, rating, comment, assistant_type, provider, model)
    select messages.id, $3, $4, jobs.assistant_type, jobs.provider, jobs.model
    from conversation
    join messages on messages.conversation_id = conversation.id
    join jobs on jobs.conversation_id = conversation.id and jobs.turn = messages.turn
    where messages.id = $1 and messages.sender = 'ai' and not messages.imported
    on conflict (message_id) do update
      set rating = excluded.rating, comment = excluded.comment, rated_at = excluded.rated_at
    returning message_id`,
};

/**
 * Stores a visitor's rating of a reply, replacing an earlier one.
 * @returns `false`: the reply no longer exists
 */
export async function rateMessage(
  pool: Pool,
  conversationId: string,
  messageId: string,
  { rating, comment }: { rating: Rating; comment?: string | undefined },
): Promise<boolean> {
  return (await query(pool, rateStatement, [messageId, conversationId, rating, comment ?? null])).length === 1;
}

const unrateStatement = {
  name: "unrate-message",
  text: `
    delete from feedback using messages
    where message_id = $1 and messages.id = $1 and messages.conversation_id = $2`,
};

/** Removes feedback; does nothing if there is none. */
export async function unrateMessage(pool: Pool, conversationId: string, messageId: string): Promise<void> {
  await query(pool, unrateStatement, [messageId, conversationId]);
}

/** Feedback on the replies of one assistant by one provider. */
export interface FeedbackCount {
  assistantType: string;
  /** Null if the reply was stopped before it was complete. */
  provider: string | null;
  up: number;
  down: number;
  /** Ratings of either kind that have a comment. */
  comments: number;
}

const countStatement = {
  name: "count-feedback",
  text: `
    select assistant_type as "assistantType", provider,
           (count(*) filter (where rating = 'up'))::int as up, (count(*) filter (where rating = 'down'))::int as down,
           count(comment)::int as comments
    from feedback where rated_at >= $1
    group by assistant_type, provider order by assistant_type, provider`,
};

/** @param since older feedback does not count */
export async function countFeedback(pool: Pool, since: Date): Promise<FeedbackCount[]> {
  return query<FeedbackCount>(pool, countStatement, [since]);
}
