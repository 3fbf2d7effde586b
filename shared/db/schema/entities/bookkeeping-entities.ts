import { defineEntity, p } from "@mikro-orm/core";
import type { JobStatus } from "../../../protocol/job.ts";
import type { ReadingCall } from "../../actions/reading-call.ts";
import type { CallErrorCode, KeyReport, SkippedCall } from "../../jobs/call-faults.ts";
import { defaultSite } from "../../../sites/default-site.ts";
import { byHand, float, time } from "./entity-columns.ts";

/** Tables beside conversations: settings, calls and their cost, runs, counts. See `entities.ts`. */

/** Values that one process makes once and all share, such as the token secret of a development machine. */
export const SettingEntity = defineEntity({
  name: "Setting",
  tableName: "settings",
  properties: { key: p.text().primary(), value: p.text() },
});

/** A customer of this installation, with its own conversations, visitors and budgets. So far there is one. */
const Site = defineEntity({
  name: "Site",
  tableName: "sites",
  properties: { id: p.text().primary(), createdAt: time().defaultRaw("now()") },
});

/** One call to a provider: inserted before it is made, settled once when it is over. */
const Call = defineEntity({
  name: "Call",
  tableName: "calls",
  properties: {
    id: p.uuid().primary(),
    jobId: p.uuid().index("calls_job_id"),
    attempt: p.integer(),
    siteId: p.text().default(defaultSite),
    assistantType: p.text(),
    provider: p.text(),
    model: p.text(),
    begunAt: time().defaultRaw("now()"),
    settledAt: time().nullable(),
    outcome: p.text().$type<"answered" | "failed" | "stopped" | "lost">().nullable(),
    inputTokens: p.integer().nullable(),
    cachedInputTokens: p.integer().nullable(),
    cacheWriteTokens: p.integer().nullable(),
    outputTokens: p.integer().nullable(),
    /** True if the provider sent no usage; the tokens are an estimate. */
    estimated: p.boolean().default(false),
    costUsd: float().nullable(),
    reservedUsd: float().default(0),
    /** UTC day. Null if no budget is charged. */
    budgetDay: p.date().nullable(),
    /** Null for a call that was answered, and while it is in progress. */
    errorCode: p.text().$type<CallErrorCode>().nullable(),
    /** HTTP status of the upstream. */
    errorStatus: p.integer().nullable(),
    errorDetail: p.text().nullable(),
  },
  indexes: [
    {
      name: "calls_unsettled",
      expression: byHand(`create index "calls_unsettled" on "calls" ("begun_at") where ("settled_at" is null)`),
    },
    {
      name: "calls_begun_at",
      expression: byHand(
        `create index "calls_begun_at" on "calls" using brin ("begun_at") with (pages_per_range = 32, autosummarize = on)`,
      ),
    },
  ],
  checks: [{ name: "calls_outcome", expression: "outcome in ('answered', 'failed', 'stopped', 'lost')" }],
});

/** Cost and limit of an assistant's calls in one UTC day. */
const Budget = defineEntity({
  name: "Budget",
  tableName: "budgets",
  properties: {
    siteId: p.text().default(defaultSite),
    assistantType: p.text().primary(),
    day: p.date().primary(),
    settledUsd: float().default(0),
    reservedUsd: float().default(0),
  },
  uniques: [{ name: "budgets_by_site", properties: ["siteId", "assistantType", "day"] }],
});

/** Unused threads that must be deleted at their provider. */
const ThreadDeletion = defineEntity({
  name: "ThreadDeletion",
  tableName: "thread_deletions",
  properties: {
    provider: p.text().primary(),
    threadId: p.text().primary(),
    dueAt: time().defaultRaw("now()"),
    tries: p.integer().default(0),
  },
});

/** Recent requests per sender, where there is no Redis. The table belongs to rate-limiter-flexible. */
const RateLimit = defineEntity({
  name: "RateLimit",
  tableName: "rate_limits",
  properties: {
    key: p.string().length(255).primary(),
    points: p.integer().default(0),
    /** Unix milliseconds. */
    expire: p.bigint().nullable(),
  },
});

/** One claim of a job, and its outcome. */
export const RunEntity = defineEntity({
  name: "Run",
  tableName: "runs",
  properties: {
    jobId: p.uuid().primary(),
    run: p.integer().primary(),
    /** First of its attempts. */
    attempt: p.integer(),
    /** Host and process id. */
    worker: p.text(),
    claimedAt: time().defaultRaw("now()"),
    firstDeltaMs: p.integer().nullable(),
    endedAt: time().nullable(),
    /** Null while the run is in progress, or if its worker died. */
    outcome: p.text().$type<Exclude<JobStatus, "queued" | "active"> | "released">().nullable(),
    /** Calls that were not made. Null: none, or the run did not end its job. */
    skippedCalls: p.json<SkippedCall[]>().nullable(),
    /** Calls of its tools that read. Null: none, or the run did not end its job. */
    toolCalls: p.json<ReadingCall[]>().nullable(),
  },
  checks: [{ name: "runs_outcome", expression: "outcome in ('completed', 'failed', 'cancelled', 'released')" }],
});

/** Providers that each worker currently skips. */
const CircuitReport = defineEntity({
  name: "CircuitReport",
  tableName: "circuit_reports",
  properties: {
    workerId: p.uuid().primary(),
    openCircuits: p.array(),
    providerKeys: p.json<KeyReport[]>().defaultRaw("'[]'"),
    reportedAt: time().defaultRaw("now()"),
  },
});

/** Providers that each worker has; see `provider-reports.ts`. */
const ProviderReport = defineEntity({
  name: "ProviderReport",
  tableName: "provider_reports",
  properties: {
    workerId: p.uuid().primary(),
    providers: p.json(),
    reportedAt: time().defaultRaw("now()"),
    ended: p.boolean().default(false),
  },
});

/** A process that runs; see `process-reports.ts`. */
const ProcessReport = defineEntity({
  name: "ProcessReport",
  tableName: "process_reports",
  properties: {
    processId: p.uuid().primary(),
    name: p.text(),
    /** Host and process id. */
    place: p.text(),
    version: p.integer(),
    reportedAt: time().defaultRaw("now()"),
    /** True for a worker with a mail server; null for a process of a version that does not say it. */
    sendsMail: p.boolean().nullable(),
  },
});

export const bookkeeping = [
  SettingEntity,
  Site,
  Call,
  Budget,
  ThreadDeletion,
  CircuitReport,
  ProviderReport,
  ProcessReport,
  RunEntity,
  RateLimit,
];
