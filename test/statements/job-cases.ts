import { z } from "zod";
import * as calls from "../../shared/db/jobs/calls.ts";
import * as claims from "../../shared/db/jobs/claim.ts";
import * as ends from "../../shared/db/jobs/end.ts";
import * as jobs from "../../shared/db/jobs/read-job.ts";
import * as reconcile from "../../shared/db/jobs/reconcile.ts";
import * as retry from "../../shared/db/jobs/retry.ts";
import * as timeline from "../../shared/db/jobs/timeline.ts";
import { actionCard } from "../../shared/protocol/actions/action-card.ts";
import { sender } from "../../shared/protocol/conversation.ts";
import { handledBy } from "../../shared/protocol/handling.ts";
import { finishReason, jobErrorCode, jobStatus } from "../../shared/protocol/job.ts";
import { replySource, sourceEvent } from "../../shared/protocol/knowledge/reply-source.ts";
import { completed, followUp, loseLease, startConversation } from "../../shared/testing/fixtures/conversations.ts";
import {
  answerOne,
  beginActiveCall,
  buffer,
  callEnd,
  claimOneSuggestion,
  failOne,
  newCall,
  runOutcome,
  startActive,
} from "./fixtures.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const id = z.strictObject({ id: z.uuid() });
const claimed = z.strictObject({
  id: z.uuid(),
  conversationId: z.uuid(),
  messageId: z.uuid(),
  siteId: z.string(),
  knowsSite: z.boolean(),
  run: z.int(),
  attempt: z.int(),
  assistantType: z.string(),
  providerOverride: z.string().nullable(),
  requestId: z.string().nullable(),
  trace: z.string().nullable(),
  turn: z.int(),
  actionId: z.uuid().nullable(),
  claims: buffer.nullable(),
  previousTurn: z.int(),
  thread: z.strictObject({ provider: z.string(), id: z.string(), turn: z.int().nullable() }).nullable(),
  ageMs: z.number(),
  sinceAcceptedMs: z.number(),
  metadata: z.record(z.string(), z.string()),
  history: z.array(z.strictObject({ sender, text: z.string(), imported: z.boolean() })),
});
const endResult = z.strictObject({ nextJobId: z.uuid().nullable(), handoffDue: z.boolean() });
const ended = endResult.extend({ id: z.uuid(), ended: z.boolean() });

const claimCases = [
  reads(claims.claimOneStatement, claimed, (pool) => startActive(pool)),
  reads(claims.claimBatchStatement, claimed, async (pool) => {
    const queued = [await startConversation(pool), await startConversation(pool)];
    await Promise.all(
      queued.map((job) => claims.claimJob(pool, { jobId: job.id, reclaim: false, worker: "a worker" })),
    );
  }),
  reads(
    claims.snapshotStatement,
    z.strictObject({
      id: z.uuid(),
      conversationId: z.uuid(),
      requestId: z.string().nullable(),
      status: jobStatus,
      errorCode: jobErrorCode.nullable(),
      attempt: z.int(),
      head: z.boolean(),
      reclaimable: z.boolean(),
      leaseLeftMs: z.number(),
      cancelRequested: z.boolean(),
      crashes: z.int(),
      handoffDue: z.boolean(),
      paused: z.boolean(),
    }),
    async (pool) => claims.readSnapshots(pool, [(await startActive(pool)).id], { reclaim: true }),
  ),
  reads(claims.renewLeasesStatement, z.strictObject({ id: z.uuid(), cancelRequested: z.boolean() }), async (pool) =>
    claims.renewLeases(pool, [await startActive(pool)]),
  ),
  reads(claims.raiseAttemptStatement, z.strictObject({ attempt: z.int() }), async (pool) =>
    claims.raiseAttempt(pool, await startActive(pool), 1),
  ),
  reads(claims.releaseJobStatement, id, async (pool) => claims.releaseJob(pool, (await startActive(pool)).id, 1)),
  writes(claims.holdsAttemptStatement, async (pool) => claims.holdsAttempt(pool, (await startActive(pool)).id, 1)),
];

const begun = z.strictObject({ result: z.enum(["begun", "refused", "lost"]) });
const callCases = [
  reads(calls.beginCallStatement, begun, beginActiveCall),
  reads(calls.beginCallsStatement, id, async (pool) => {
    const active = [await startActive(pool), await startActive(pool)];
    await Promise.all(active.map((job) => calls.beginCall(pool, newCall(job))));
  }),
  reads(calls.beginSuggestionCallStatement, begun, async (pool) => {
    const { id: jobId } = await claimOneSuggestion(pool);
    await calls.beginCall(pool, { ...newCall({ ...(await startActive(pool)), id: jobId }), suggestion: true });
  }),
  writes(calls.settleCallStatement, async (pool) =>
    calls.settleCall(pool, { id: (await beginActiveCall(pool)).id, end: callEnd }),
  ),
  writes(calls.withdrawCallStatement, async (pool) => calls.withdrawCall(pool, (await beginActiveCall(pool)).id)),
  reads(calls.settleLostCallsStatement, z.strictObject({ count: z.int() }), (pool) => calls.settleLostCalls(pool)),
];

const endCases = [
  reads(ends.endOneStatement, ended, answerOne),
  reads(ends.endBatchStatement, ended, async (pool) => {
    const active = [await startActive(pool), await startActive(pool)];
    await Promise.all(active.map((job) => ends.storeJobEnd(pool, { job, end: completed() })));
  }),
  reads(ends.findEndStatement, endResult, async (pool) => {
    const job = await startActive(pool);
    await followUp(pool, job.conversationId);
    const end = completed();
    await ends.storeJobEnd(pool, { job, end });
    await ends.findEnd(pool, job, end);
  }),
  reads(ends.cancelQueuedStatement, endResult, async (pool) => {
    const job = await startConversation(pool);
    await followUp(pool, job.conversationId);
    await ends.cancelQueuedJob(pool, job);
  }),
  reads(ends.requestCancelStatement, id, async (pool) => ends.requestCancel(pool, (await startActive(pool)).id)),
  writes(retry.lockToRetryStatement, async (pool) => retry.storeRetry(pool, (await failOne(pool)).id)),
  reads(
    retry.findToRetryStatement,
    z.strictObject({
      status: jobStatus,
      deleted: z.boolean(),
      replaced: z.boolean(),
      handled: z.boolean(),
      laterAnswered: z.boolean(),
    }),
    async (pool) => retry.storeRetry(pool, (await failOne(pool)).id),
  ),
  writes(retry.requeueStatement, async (pool) => retry.storeRetry(pool, (await failOne(pool)).id)),
  reads(retry.reopenStatement, z.strictObject({ head: z.boolean() }), async (pool) =>
    retry.storeRetry(pool, (await failOne(pool)).id),
  ),
];

const readCases = [
  reads(
    jobs.readJobsStatement,
    z.strictObject({
      id: z.uuid(),
      conversationId: z.uuid(),
      messageId: z.uuid(),
      status: jobStatus,
      attempt: z.int(),
      assistantType: z.string(),
      provider: z.string().nullable(),
      errorCode: jobErrorCode.nullable(),
      inputTokens: z.int().nullable(),
      outputTokens: z.int().nullable(),
      costUsd: z.number().nullable(),
      trace: z.string().nullable(),
      replyAttempt: z.int().nullable(),
      replyId: z.uuid().nullable(),
      handledBy: handledBy.nullable(),
      siteId: z.string(),
      visitorHash: buffer.nullable(),
      threadId: z.string().nullable(),
      createdAt: z.number(),
      startedAt: z.number().nullable(),
      finishedAt: z.number().nullable(),
      conversationDeleted: z.boolean(),
      replyText: z.string().nullable(),
      replyFinishReason: finishReason.nullable(),
      replyFallback: z.boolean().nullable(),
      replyAt: z.number().nullable(),
      replySources: z.array(replySource).nullable(),
      notedSources: z.array(sourceEvent).nullable(),
      actions: z.array(actionCard).nullable(),
    }),
    async (pool) => jobs.readJob(pool, (await answerOne(pool)).job.id),
  ),
  reads(jobs.jobStatesStatement, z.strictObject({ id: z.uuid(), status: jobStatus, attempt: z.int() }), async (pool) =>
    jobs.readJobStates(pool, [(await startActive(pool)).id]),
  ),
  reads(jobs.positionsStatement, z.strictObject({ id: z.uuid(), position: z.int() }), async (pool) =>
    jobs.readPositions(pool, [(await startConversation(pool)).id]),
  ),
  reads(
    timeline.runsStatement,
    z.strictObject({
      run: z.int(),
      attempt: z.int(),
      worker: z.string(),
      outcome: runOutcome.nullable(),
      claimedAt: z.number(),
      firstDeltaAt: z.number().nullable(),
      endedAt: z.number().nullable(),
    }),
    async (pool) => timeline.readRuns(pool, (await answerOne(pool)).job.id),
  ),
  reads(timeline.restartsStatement, z.strictObject({ attempt: z.int(), at: z.number() }), async (pool) => {
    const job = await startActive(pool);
    await claims.raiseAttempt(pool, job, 1);
    await calls.beginCall(pool, newCall({ ...job, attempt: 2 }));
    await timeline.readRestarts(pool, job.id);
  }),
];

const reconcileCases = [
  reads(reconcile.dueJobsStatement, id, async (pool) => {
    const job = await startConversation(pool);
    await pool.query("update jobs set due_at = now() - interval '1 s' where id = $1", [job.id]);
    await reconcile.takeDueJobs(pool);
  }),
  writes(reconcile.markDueStatement, async (pool) => reconcile.markDue(pool, [(await startConversation(pool)).id])),
  reads(reconcile.orphansStatement, id, async (pool) => {
    await loseLease(pool, (await startActive(pool)).id);
    await reconcile.readOrphans(pool);
  }),
];

/** Statements on the way of a message. */
export const jobCases: StatementCase[] = [...claimCases, ...callCases, ...endCases, ...readCases, ...reconcileCases];
