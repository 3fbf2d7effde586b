import { defineEntity, p } from "@mikro-orm/core";
import type { ConversationChannel, Rating, Sender } from "../../../protocol/conversation.ts";
import type { FeedbackReason } from "../../../protocol/feedback.ts";
import type { HandledBy, HandoffReason } from "../../../protocol/handling.ts";
import type { FinishReason } from "../../../protocol/job.ts";
import { defaultSite } from "../../../sites/default-site.ts";
import { byHand, bytes, time } from "./entity-columns.ts";

/** Tables of conversations and their messages. See `entities.ts`. */

export const Conversation = defineEntity({
  name: "Conversation",
  tableName: "conversations",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    assistantType: p.text(),
    /** Overrides the assistant's provider. */
    provider: p.text().nullable(),
    metadata: p.json<Record<string, string>>().defaultRaw("'{}'"),
    /** Front end that began it. Null: the widget or another client of `POST /api/chat`. */
    channel: p.text().$type<ConversationChannel>().nullable(),
    /** Number of the next turn. Turns number messages in the order they were accepted. */
    nextTurn: p.integer(),
    /** Jobs that have not ended, in the order of their turns. The first, the head, is the one in the queue. */
    openJobs: p.array().columnType("uuid[]").defaultRaw("'{}'"),
    messageCount: p.integer().default(0),
    /** Turns whose message was replaced by a later one. Prompts leave them out. */
    replacedTurns: p.array().columnType("int[]").defaultRaw("'{}'"),
    /** `seq` of its newest event. */
    eventSeq: p.integer().default(0),
    /** The provider's own state of this conversation, and the last turn it contains. */
    threadId: p.text().nullable(),
    threadProvider: p.text().nullable(),
    threadTurn: p.integer().nullable(),
    /** True if the thread arrived with a request: it is not ours to delete. */
    threadAdopted: p.boolean().default(false),
    /** SHA-256 of the visitor's identity, as the embedding site gives it. Null: no visitor was named. */
    visitorHash: bytes().nullable(),
    /** Start of the rate window and its message count, for the limit of a conversation. */
    windowBeganAt: time().defaultRaw("now()"),
    windowMessages: p.integer().default(1),
    /** Changes with the feedback on any of its replies, by a trigger. Null: there has never been any. */
    ratingsVersion: p.uuid().nullable(),
    createdAt: time().defaultRaw("now()"),
    updatedAt: time().defaultRaw("now()"),
    /** Side that answers. This column and the next two decide; `stretches` is their history. */
    handledBy: p.text().$type<HandledBy>().default("ai"),
    /** Set while a person answers. */
    operatorId: p.uuid().nullable(),
    /** Number of the present stretch. */
    stretch: p.integer().default(0),
    /** Set from a handoff or take-over until a person writes, or the AI has it again. */
    waitingSince: time().nullable(),
    /** Operators who had it in this wait and wrote nothing. */
    returns: p.integer().default(0),
    /** Set once the visitor was told that nobody came. */
    overdueAt: time().nullable(),
    /** Reason of a handoff that a rule decided and nobody has carried out yet. Until then nothing is claimed. */
    handoffDue: p.text().$type<HandoffReason>().nullable(),
    /** Address that the visitor left, to be told of an answer. */
    handoffEmail: p.text().nullable(),
    /** Addresses that were left so far, and when the last one was. */
    emailsLeft: p.integer().default(0),
    emailLeftAt: time().nullable(),
    /** Replies in a row that no provider wrote. */
    failedReplies: p.integer().default(0),
    /** Messages of the visitor since somebody answered, while the AI does not. */
    unheard: p.integer().default(0),
    /** Last turn that an operator has seen. */
    seenTurn: p.integer().default(0),
    /** Turn of the newest message that the visitor is known to have seen. */
    visitorSeenTurn: p.integer().default(0),
    /** Set when an operator closes it, until the visitor's next message. */
    closedAt: time().nullable(),
    blockedAt: time().nullable(),
    /** Set on a tombstone: no text is left, late writes are refused. */
    deletedAt: time().nullable(),
    /** Set once the last traces outside PostgreSQL are erased too. */
    erasedAt: time().nullable(),
  },
  indexes: [
    {
      name: "conversations_to_erase",
      expression: byHand(
        `create index "conversations_to_erase" on "conversations" ("deleted_at") where ("deleted_at" is not null and "erased_at" is null)`,
      ),
    },
    {
      name: "conversations_by_age",
      expression: byHand(
        `create index "conversations_by_age" on "conversations" ("updated_at") where ("deleted_at" is null)`,
      ),
    },
    {
      name: "conversations_erased",
      expression: byHand(
        `create index "conversations_erased" on "conversations" ("erased_at") where ("erased_at" is not null)`,
      ),
    },
    {
      name: "conversations_visitor",
      expression: byHand(
        `create index "conversations_visitor" on "conversations" ("visitor_hash", "updated_at" desc, "id" desc) where ("visitor_hash" is not null)`,
      ),
    },
    {
      name: "conversations_waiting",
      expression: byHand(
        `create index "conversations_waiting" on "conversations" ("site_id", "waiting_since") where ("handled_by" = 'waiting'::text)`,
      ),
    },
    {
      name: "conversations_of_operator",
      expression: byHand(
        `create index "conversations_of_operator" on "conversations" ("operator_id") where ("operator_id" is not null)`,
      ),
    },
    {
      name: "conversations_handoff_due",
      expression: byHand(
        `create index "conversations_handoff_due" on "conversations" ("id") where ("handoff_due" is not null)`,
      ),
    },
    {
      name: "conversations_closed",
      expression: byHand(
        `create index "conversations_closed" on "conversations" ("closed_at") where ("closed_at" is not null)`,
      ),
    },
    {
      name: "conversations_with_email",
      expression: byHand(
        `create index "conversations_with_email" on "conversations" ("updated_at") where ("handoff_email" is not null)`,
      ),
    },
    {
      name: "conversations_thread",
      expression: byHand(
        `create unique index "conversations_thread" on "conversations" ("thread_provider", "thread_id") where ("thread_id" is not null)`,
      ),
    },
  ],
  checks: [{ name: "conversations_handled_by", expression: "handled_by in ('ai', 'waiting', 'operator')" }],
});

export const Message = defineEntity({
  name: "Message",
  tableName: "messages",
  properties: {
    id: p.uuid().primary(),
    conversation: () => p.manyToOne(Conversation).deleteRule("cascade").updateRule("no action"),
    turn: p.integer(),
    sender: p.text().$type<Sender>(),
    text: p.text(),
    /** True if the message arrived with the request as earlier history. */
    imported: p.boolean().default(false),
    fallback: p.boolean().default(false),
    finishReason: p.text().$type<FinishReason>().nullable(),
    /** Id of the visitor's message that this one replaces, together with its reply. */
    replaces: p.uuid().nullable(),
    /** Id that the front end of another protocol gave the visitor's message. */
    clientId: p.text().nullable(),
    /** Author of an operator's message. */
    operatorId: p.uuid().nullable(),
    /** Hashes of the key under which an operator's message was sent, and of its text. */
    idempotencyHash: bytes().nullable(),
    requestHash: bytes().nullable(),
    createdAt: time().defaultRaw("now()"),
  },
  indexes: [
    {
      // Within a turn the visitor's message ("user") precedes the reply ("ai"). An operator's has a turn of its own.
      name: "messages_by_turn",
      expression: byHand(
        `create unique index "messages_by_turn" on "messages" ("conversation_id", "turn", "sender" desc)`,
      ),
    },
    {
      name: "messages_idempotency_hash",
      expression: byHand(
        `create unique index "messages_idempotency_hash" on "messages" ("idempotency_hash") where ("idempotency_hash" is not null)`,
      ),
    },
    {
      name: "messages_fallback",
      expression: byHand(`create index "messages_fallback" on "messages" ("created_at") where ("fallback")`),
    },
  ],
  checks: [
    {
      name: "messages_sender",
      expression: "sender in ('user', 'ai') or sender = 'operator' and operator_id is not null",
    },
  ],
});

/** A visitor's rating of a reply, and the author of the reply. */
export const Feedback = defineEntity({
  name: "Feedback",
  tableName: "feedback",
  properties: {
    message: () => p.manyToOne(Message).primary().deleteRule("cascade").updateRule("no action"),
    rating: p.text().$type<Rating>(),
    comment: p.text().nullable(),
    reason: p.text().$type<FeedbackReason>().nullable(),
    assistantType: p.text(),
    provider: p.text().nullable(),
    model: p.text().nullable(),
    ratedAt: time().defaultRaw("now()").index("feedback_rated_at"),
  },
  checks: [{ name: "feedback_rating", expression: "rating in ('up', 'down')" }],
  triggers: [
    {
      // Named as the migration names it; MikroORM finds the function by the table and this name.
      name: "renews_version",
      timing: "after",
      events: ["insert", "update", "delete"],
      body: `
        update conversations set ratings_version = gen_random_uuid()
        where id = (select conversation_id from messages where id = coalesce(new.message_id, old.message_id));
        return null;`,
    },
  ],
});
