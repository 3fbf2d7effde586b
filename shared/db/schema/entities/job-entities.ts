import { defineEntity, p } from "@mikro-orm/core";
import type { HandledBy } from "../../../protocol/handling.ts";
import type { JobErrorCode, JobStatus } from "../../../protocol/job.ts";
import { Conversation } from "./conversation-entities.ts";
import { byHand, bytes, float, time } from "./entity-columns.ts";

/** Jobs, and the text that one writes. See `entities.ts`. */

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
    /** Action that the message answers: the run carries it out before it speaks. */
    actionId: p.uuid().nullable(),
    /** Sealed claims of the visitor's identity that tools take; see `ClaimsSeal`. Null once the job has ended. */
    claims: bytes().nullable(),
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
export const DraftEntity = defineEntity({
  name: "Draft",
  tableName: "drafts",
  properties: {
    jobId: p.uuid().primary(),
    attempt: p.integer(),
    text: bytes(),
    updatedAt: time().defaultRaw("now()"),
  },
});
