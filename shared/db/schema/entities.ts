import { defineEntity, p } from "@mikro-orm/core";
import type { FinishReason, JobErrorCode, JobStatus } from "../../protocol/job.ts";
import type { Rating, Sender } from "../../protocol/conversation.ts";
import type { FeedbackReason } from "../../protocol/feedback.ts";
import { defaultSite } from "../../sites/default-site.ts";
import type { HandledBy, HandoffReason } from "../../protocol/handling.ts";
import { bookkeeping } from "./bookkeeping-entities.ts";
import { byHand, bytes, float, time } from "./entity-columns.ts";
import { eventEntities } from "./event-entities.ts";
import { voices } from "./voice-entities.ts";

/** The schema in code. `npm run check:drift` compares it with the migrations. */

const Conversation = defineEntity({
  name: "Conversation",
  tableName: "conversations",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    assistantType: p.text(),
    /** Overrides the assistant's provider. */
    provider: p.text().nullable(),
    metadata: p.json<Record<string, string>>().defaultRaw("'{}'"),
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
    waitingSince: time().nullable(),
    /** Reason of a handoff that a rule decided and nobody has carried out yet. Until then nothing is claimed. */
    handoffDue: p.text().$type<HandoffReason>().nullable(),
    /** Address that the visitor left, to be told of an answer. */
    handoffEmail: p.text().nullable(),
    /** Replies in a row that no provider wrote. */
    failedReplies: p.integer().default(0),
    /** Messages of the visitor since somebody answered, while the AI does not. */
    unheard: p.integer().default(0),
    /** Last turn that an operator has seen. */
    seenTurn: p.integer().default(0),
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
      name: "conversations_thread",
      expression: byHand(
        `create unique index "conversations_thread" on "conversations" ("thread_provider", "thread_id") where ("thread_id" is not null)`,
      ),
    },
  ],
  checks: [{ name: "conversations_handled_by", expression: "handled_by in ('ai', 'waiting', 'operator')" }],
});

const Message = defineEntity({
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
const Feedback = defineEntity({
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

export const JobEntity = defineEntity({
  name: "Job",
  tableName: "jobs",
  properties: {
    id: p.uuid().primary(),
    conversation: () => p.manyToOne(Conversation).deleteRule("cascade").updateRule("no action"),
    messageId: p.uuid(),
    turn: p.integer(),
    status: p.text().$type<JobStatus>().default("queued"),
    /** Claims so far. */
    run: p.integer().default(0),
    /** Fencing token of every write. Incremented at each run and at each reset inside a run. */
    attempt: p.integer().default(0),
    /** Runs whose lease expired because their worker died. */
    deaths: p.integer().default(0),
    /** Time after which an active job may be claimed again. Null: its worker released it. */
    leaseUntil: time().nullable(),
    /** While queued: time at which the reconciler checks whether the queue still holds the job. */
    dueAt: time().nullable(),
    cancelRequestedAt: time().nullable(),
    assistantType: p.text(),
    providerOverride: p.text().nullable(),
    idempotencyHash: bytes().nullable(),
    requestHash: bytes().nullable(),
    /** Side that answered the conversation when the job ended without the AI. Null: the AI. */
    handledBy: p.text().$type<HandledBy>().nullable(),
    requestId: p.text().nullable().index("jobs_request_id"),
    /** W3C `traceparent` of the request that submitted the message, where traces are on. */
    trace: p.text().nullable(),
    /** Provider of the reply. Null until there is one. */
    provider: p.text().nullable(),
    model: p.text().nullable(),
    replyId: p.uuid().nullable(),
    /** The attempt whose deltas are the stored reply. */
    replyAttempt: p.integer().nullable(),
    errorCode: p.text().$type<JobErrorCode>().nullable(),
    inputTokens: p.integer().nullable(),
    outputTokens: p.integer().nullable(),
    /** Cost of the call that gave the reply. Null: its price is not known. */
    costUsd: float().nullable(),
    createdAt: time().defaultRaw("now()"),
    startedAt: time().nullable(),
    finishedAt: time().nullable(),
  },
  indexes: [
    { name: "jobs_of_conversation", properties: ["conversation", "turn"] },
    {
      name: "jobs_one_active",
      expression: byHand(
        `create unique index "jobs_one_active" on "jobs" ("conversation_id") where ("status" = 'active'::text)`,
      ),
    },
    {
      name: "jobs_idempotency_hash",
      expression: byHand(
        `create unique index "jobs_idempotency_hash" on "jobs" ("idempotency_hash") where ("idempotency_hash" is not null)`,
      ),
    },
    {
      name: "jobs_due",
      expression: byHand(`create index "jobs_due" on "jobs" ("due_at") where ("status" = 'queued'::text)`),
    },
    {
      name: "jobs_queued",
      expression: byHand(`create index "jobs_queued" on "jobs" ("created_at") where ("status" = 'queued'::text)`),
    },
    {
      name: "jobs_failed",
      expression: byHand(`create index "jobs_failed" on "jobs" ("created_at") where ("status" = 'failed'::text)`),
    },
    {
      name: "jobs_created_at",
      expression: byHand(
        `create index "jobs_created_at" on "jobs" using brin ("created_at") with (pages_per_range = 32, autosummarize = on)`,
      ),
    },
  ],
  checks: [{ name: "jobs_status", expression: "status in ('queued', 'active', 'completed', 'failed', 'cancelled')" }],
});

/** Text of a job's current attempt while it is written, where there is no Redis. Unlogged: nothing depends on it. */
const Draft = defineEntity({
  name: "Draft",
  tableName: "drafts",
  properties: {
    jobId: p.uuid().primary(),
    attempt: p.integer(),
    text: bytes(),
    updatedAt: time().defaultRaw("now()"),
  },
});

export const entities = [
  Conversation,
  Message,
  Feedback,
  JobEntity,
  Draft,
  ...eventEntities,
  ...voices,
  ...bookkeeping,
];
