import type { Pool } from "pg";
import type { CallErrorCode } from "../../shared/db/jobs/call-faults.ts";
import { v7 } from "uuid";
import { z } from "zod";
import { createDatabaseClock, timeStatement } from "../../shared/db/clock.ts";
import * as backlog from "../../shared/db/operators/backlog.ts";
import * as circuits from "../../shared/db/operators/circuit-reports.ts";
import * as conversation from "../../shared/db/operators/conversation.ts";
import * as depths from "../../shared/db/operators/depths.ts";
import * as figures from "../../shared/db/operators/figures.ts";
import * as processes from "../../shared/db/operators/process-reports.ts";
import * as providers from "../../shared/db/operators/provider-reports.ts";
import { readReport, reportStatement } from "../../shared/db/operators/report.ts";
import { reportFigures } from "../../shared/protocol/people/report.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { readReplyTimes, replyTimesStatement } from "../../shared/db/operators/reply-times.ts";
import * as refusedKeys from "../../shared/db/operators/refused-keys.ts";
import * as totals from "../../shared/db/operators/totals.ts";
import { probeStatement, probeDatabaseWrites } from "../../shared/db/probe-writes.ts";
import * as settings from "../../shared/db/settings.ts";
import { actionState } from "../../shared/protocol/actions/action-card.ts";
import { handledBy } from "../../shared/protocol/handling.ts";
import { rating, sender } from "../../shared/protocol/conversation.ts";
import { feedbackReason } from "../../shared/protocol/feedback.ts";
import { finishReason, jobErrorCode, jobStatus } from "../../shared/protocol/job.ts";
import { startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { answerOne, answerRated, callOutcome, runOutcome } from "./fixtures.ts";
import { searchCases } from "./search-cases.ts";
import { reads, readsTyped, type StatementCase, writes } from "./statement-case.ts";

const callErrorCode = z.custom<CallErrorCode>((code) => typeof code === "string");

const fault = {
  code: callErrorCode,
  status: z.int().nullable(),
  detail: z.string().nullable(),
};

const readingCall = z.strictObject({
  tool: z.string(),
  arguments: z.record(z.string(), z.string()),
  outcome: z.enum(["done", "failed", "refused"]),
  status: z.int().nullable(),
  afterMs: z.number(),
  tookMs: z.number(),
});

const conversationCases = [
  readsTyped(
    conversation.operatorJobsStatement,
    z.strictObject({
      id: z.uuid(),
      turn: z.int(),
      status: jobStatus,
      attempt: z.int(),
      deaths: z.int(),
      assistantType: z.string(),
      requestId: z.string().nullable(),
      handledBy: handledBy.nullable(),
      errorCode: jobErrorCode.nullable(),
      provider: z.string().nullable(),
      createdAt: z.number(),
      startedAt: z.number().nullable(),
      finishedAt: z.number().nullable(),
      runs: z.array(
        z.strictObject({
          run: z.int(),
          attempt: z.int(),
          worker: z.string(),
          outcome: runOutcome.nullable(),
          claimedAt: z.number(),
          firstDeltaAt: z.number().nullable(),
          endedAt: z.number().nullable(),
          skippedCalls: z
            .array(z.strictObject({ ...fault, provider: z.string(), attempt: z.int(), afterMs: z.number() }))
            .nullable(),
          toolCalls: z.array(readingCall).nullable(),
        }),
      ),
      actions: z.array(
        z.strictObject({
          id: z.uuid(),
          tool: z.string(),
          arguments: z.record(z.string(), z.unknown()).nullable(),
          state: actionState,
          proposedBy: z.uuid(),
          answeredBy: z.uuid().nullable(),
          proposedAt: z.number(),
          answeredAt: z.number().nullable(),
          sentAt: z.number().nullable(),
          endedAt: z.number().nullable(),
        }),
      ),
      calls: z.array(
        z.strictObject({
          provider: z.string(),
          model: z.string(),
          attempt: z.int(),
          outcome: callOutcome.nullable(),
          costUsd: z.number().nullable(),
          inputTokens: z.int().nullable(),
          outputTokens: z.int().nullable(),
          begunAt: z.number(),
          settledAt: z.number().nullable(),
          errorCode: fault.code.nullable(),
          errorStatus: fault.status,
          errorDetail: fault.detail,
        }),
      ),
    }),
    async (pool) => (await answerRated(pool)).job.conversationId,
  ),
  readsTyped(
    conversation.operatorMessagesStatement,
    z.strictObject({
      id: z.uuid(),
      turn: z.int(),
      sender,
      text: z.string(),
      imported: z.boolean(),
      fallback: z.boolean(),
      finishReason: finishReason.nullable(),
      replaces: z.uuid().nullable(),
      rating: rating.nullable(),
      reason: feedbackReason.nullable(),
      comment: z.string().nullable(),
      createdAt: z.number(),
    }),
    async (pool) => (await answerRated(pool)).job.conversationId,
  ),
];

const count = z.strictObject({ count: z.int() });
const countAll = (pool: Pool) => totals.readTotals(pool);

const figureCases = [
  reads(replyTimesStatement, z.strictObject({ assistantType: z.string(), seconds: z.number() }), async (pool) => {
    for (let reply = 0; reply < 5; reply++) await answerOne(pool);
    await readReplyTimes(pool);
  }),
  reads(
    figures.figuresStatement,
    z.strictObject({
      from: z.number().nullable(),
      messages: z.int(),
      completed: z.int(),
      failed: z.int(),
      cancelled: z.int(),
      people: z.int(),
      fallbacks: z.int(),
      apologies: z.int(),
      costUsd: z.number(),
      waitP50Ms: z.number().nullable(),
      waitP95Ms: z.number().nullable(),
      up: z.int(),
      down: z.int(),
    }),
    async (pool) => {
      await answerRated(pool);
      await figures.readFigures(pool, new Date(0));
    },
  ),
  reads(totals.activeStatement, count, countAll),
  reads(totals.estimateStatement, z.strictObject({ estimate: z.number() }), countAll),
  reads(totals.countConversationsStatement, count, countAll),
  reads(totals.countMessagesStatement, count, countAll),
  reads(backlog.backlogStatement, z.strictObject({ backlog: z.int() }), (pool) => backlog.countBacklog(pool, 10)),
  reads(depths.oldestHeadStatement, z.strictObject({ id: z.uuid(), waitedSeconds: z.number() }), async (pool) => {
    await startConversation(pool);
    await depths.readOldestHead(pool);
  }),
  reads(
    depths.depthsStatement,
    z.strictObject({
      queued: z.int(),
      active: z.int(),
      oldestQueuedSeconds: z.number(),
      oldestActiveSeconds: z.number(),
    }),
    (pool) => depths.readDepths(pool),
  ),
];

const reportCircuits = (pool: Pool) =>
  circuits.reportOpenCircuits(pool, v7(), ["openai"], [{ provider: "openai", refusedMsAgo: 1, answeredMsAgo: null }]);
const reportProviders = (pool: Pool) =>
  providers.storeProviderReport(pool, v7(), [{ name: "openai", model: "a-model", available: false, reason: "no key" }]);

const reportProcess = (pool: Pool) =>
  processes.storeProcessReport(pool, v7(), { name: "api", place: "a-host:1", version: 1 });

const reportCases = [
  reads(reportStatement, z.strictObject({ ...reportFigures.shape, day: z.iso.date().nullable() }), async (pool) => {
    await answerRated(pool);
    const day = new Date().toISOString().slice(0, 10);
    await readReport(pool, { siteId: defaultSite, from: day, to: day, zone: "UTC" });
  }),
  writes(circuits.reportCircuitsStatement, reportCircuits),
  reads(circuits.readCircuitsStatement, z.strictObject({ provider: z.string(), workers: z.int() }), async (pool) => {
    await reportCircuits(pool);
    await circuits.readOpenCircuits(pool);
  }),
  readsTyped(
    refusedKeys.keyReportsStatement,
    z.strictObject({
      keys: z.array(
        z.strictObject({
          provider: z.string(),
          refusedMsAgo: z.number().nullable(),
          answeredMsAgo: z.number().nullable(),
        }),
      ),
      reportedAt: z.number(),
    }),
    reportCircuits,
  ),
  writes(processes.reportProcessStatement, reportProcess),
  writes(processes.endProcessReportStatement, (pool) => processes.endProcessReport(pool, v7())),
  reads(
    processes.readProcessReportsStatement,
    z.strictObject({ name: z.string(), place: z.string(), version: z.int() }),
    async (pool) => {
      await reportProcess(pool);
      await processes.readProcessReports(pool);
    },
  ),
  writes(providers.reportProvidersStatement, reportProviders),
  writes(providers.endProviderReportStatement, (pool) => providers.endProviderReport(pool, v7())),
  reads(
    providers.readProviderReportsStatement,
    z.strictObject({
      providers: z.array(
        z.strictObject({
          name: z.string(),
          model: z.string(),
          available: z.boolean(),
          reason: z.string().optional(),
        }),
      ),
      alive: z.boolean(),
    }),
    async (pool) => {
      await reportProviders(pool);
      await providers.readProviderReports(pool);
    },
  ),
];

const setting = z.strictObject({ value: z.string() });
const replaceTwice = async (pool: Pool) => {
  const key = v7();
  await settings.replaceSetting(pool, key, "a value");
  await settings.replaceSetting(pool, key, "another");
};

const settingCases = [
  reads(settings.readSettingStatement, setting, replaceTwice),
  reads(settings.makeSettingStatement, setting, (pool) => settings.readOrMakeSetting(pool, v7(), () => "a value")),
  reads(settings.addSettingStatement, setting, (pool) => settings.replaceSetting(pool, v7(), "a value")),
  reads(settings.changeSettingStatement, setting, replaceTwice),
  writes(probeStatement, probeDatabaseWrites),
  reads(timeStatement, z.strictObject({ now: z.number() }), (pool) => createDatabaseClock(pool).read()),
];

/** Statements of operators' pages and searches, reports, metrics and settings. */
export const operatorCases: StatementCase[] = [
  ...searchCases,
  ...conversationCases,
  ...figureCases,
  ...reportCases,
  ...settingCases,
];
