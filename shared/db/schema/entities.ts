import { defineEntity, p } from "@mikro-orm/core";
import type { FinishReason, JobErrorCode, JobStatus } from "../../protocol/job.ts";
import type { Rating, Sender } from "../../protocol/conversation.ts";
import { bookkeeping } from "./bookkeeping-entities.ts";
import { byHand, time } from "./entity-columns.ts";

/** The schema as the code sees it; `npm run check:drift` holds it against the migrations. */

const Conversation = defineEntity({
  name: "Conversation",
  tableName: "conversations",
  properties: {
    id: p.uuid().primary(),
    assistantType: p.text(),
    /** Overrides the assistant's provider. */
    provider: p.text().nullable(),
    metadata: p.json<Record<string, string>>().defaultRaw("'{}'"),
    /** The number of the next turn: the order in which messages were accepted. */
    nextTurn: p.integer(),
    /** The jobs that have not ended, in the order of their turns; the first, the head, is the one in the queue. */
    openJobs: p.array().columnType("uuid[]").defaultRaw("'{}'"),
    messageCount: p.integer().default(0),
    /** The provider's own state of this conversation, and the last turn that is in it. */
    threadId: p.text().nullable(),
    threadProvider: p.text().nullable(),
    threadTurn: p.integer().nullable(),
    /** Came with a request: it is not ours to delete. */
    threadAdopted: p.boolean().default(false),
    /** SHA-256 of who the embedding site says its visitor is; absent: nobody was named. */
    visitorHash: p.blob().nullable(),
    /** How many messages came since when, for the limit of a conversation. */
    windowBeganAt: time().defaultRaw("now()"),
    windowMessages: p.integer().default(1),
    createdAt: time().defaultRaw("now()"),
    updatedAt: time().defaultRaw("now()"),
    /** A tombstone: no text is left, late writes are refused. */
    deletedAt: time().nullable(),
    /** The last traces outside PostgreSQL's rows are gone too. */
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
      name: "conversations_thread",
      expression: byHand(
        `create unique index "conversations_thread" on "conversations" ("thread_provider", "thread_id") where ("thread_id" is not null)`,
      ),
    },
  ],
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
    /** Came with the request as earlier history. */
    imported: p.boolean().default(false),
    fallback: p.boolean().default(false),
    finishReason: p.text().$type<FinishReason>().nullable(),
    createdAt: time().defaultRaw("now()"),
  },
  indexes: [
    {
      // Within a turn the visitor's message ("user") comes before the reply ("ai").
      name: "messages_by_turn",
      expression: byHand(
        `create unique index "messages_by_turn" on "messages" ("conversation_id", "turn", "sender" desc)`,
      ),
    },
  ],
  checks: [{ name: "messages_sender", expression: "sender in ('user', 'ai')" }],
});

/** What a visitor thinks of a reply, and who had written it. */
const Feedback = defineEntity({
  name: "Feedback",
  tableName: "feedback",
  properties: {
    message: () => p.manyToOne(Message).primary().deleteRule("cascade").updateRule("no action"),
    rating: p.text().$type<Rating>(),
    comment: p.text().nullable(),
    assistantType: p.text(),
    provider: p.text().nullable(),
    model: p.text().nullable(),
    ratedAt: time().defaultRaw("now()").index("feedback_rated_at"),
  },
  checks: [{ name: "feedback_rating", expression: "rating in ('up', 'down')" }],
});

const Job = defineEntity({
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
    /** Raised at each run and at each reset inside a run: the fence of every write. */
    attempt: p.integer().default(0),
    /** Runs whose lease ended because their worker died. */
    deaths: p.integer().default(0),
    /** An active job may be claimed again after this; absent: its worker gave it back. */
    leaseUntil: time().nullable(),
    /** While queued: when the reconciler looks whether the queue still holds it. */
    dueAt: time().nullable(),
    cancelRequestedAt: time().nullable(),
    assistantType: p.text(),
    providerOverride: p.text().nullable(),
    idempotencyHash: p.blob().nullable(),
    requestHash: p.blob().nullable(),
    requestId: p.text().nullable(),
    /** W3C `traceparent` of the request that brought the message, where traces are on. */
    trace: p.text().nullable(),
    /** What answered, once something has. */
    provider: p.text().nullable(),
    model: p.text().nullable(),
    replyId: p.uuid().nullable(),
    /** The attempt whose deltas are the stored reply. */
    replyAttempt: p.integer().nullable(),
    errorCode: p.text().$type<JobErrorCode>().nullable(),
    inputTokens: p.integer().nullable(),
    outputTokens: p.integer().nullable(),
    /** Of the call that gave the reply; absent: its price is not known. */
    costUsd: p.double().nullable(),
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

/** The text of a job's present attempt while it is written, where there is no Redis. Unlogged: nothing depends on it. */
const Draft = defineEntity({
  name: "Draft",
  tableName: "drafts",
  properties: {
    jobId: p.uuid().primary(),
    attempt: p.integer(),
    text: p.blob(),
    updatedAt: time().defaultRaw("now()"),
  },
});

export const entities = [Conversation, Message, Feedback, Job, Draft, ...bookkeeping];
