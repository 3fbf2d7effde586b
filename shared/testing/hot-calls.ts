import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { v7 } from "uuid";
import { countBacklog } from "../db/backlog.ts";
import {
  beginCall,
  type NewCall,
  settleCall,
  settleLostCalls,
  withdrawCall,
  type CallSettlement,
} from "../db/calls.ts";
import { claimJob, holdsAttempt, raiseAttempt, readStandings, releaseJob, renewLeases } from "../db/claim.ts";
import { readMessages, readOwner } from "../db/conversations.ts";
import { readDepths } from "../db/depths.ts";
import { cancelQueuedJob, endJob, findEnd, requestCancel } from "../db/end.ts";
import { dropTombstones, markErased, readIdleConversations, readTombstones } from "../db/erasure.ts";
import { readJob, readJobStates, readPositions } from "../db/read-job.ts";
import { markDue, readOrphans, takeDueJobs } from "../db/reconcile.ts";
import { appendMessage, findByIdempotencyHash, insertConversation, readConversationState } from "../db/submit.ts";
import { bindThread } from "../db/threads.ts";
import { readRuns } from "../db/timeline.ts";
import { listVisitorConversations } from "../db/visitors.ts";
import { completed, followingMessage, newConversation } from "./conversations.ts";

/** Rows of a filled database. */
export interface HotSample {
  conversationId: string;
  job: { id: string; conversationId: string; run: number; attempt: number };
  jobIds: string[];
  messageId: string;
}

export async function sampleOf(pool: Pool): Promise<HotSample> {
  const { rows: jobs } = await pool.query<HotSample["job"]>(
    `select id, conversation_id as "conversationId", run, attempt from jobs where status = 'active' limit 50`,
  );
  const [job] = jobs;
  const { rows: messages } = await pool.query<{ id: string }>("select id from messages limit 1");
  if (!job || !messages[0]) throw new Error("the database has no active job");
  return { conversationId: job.conversationId, job, jobIds: jobs.map(({ id }) => id), messageId: messages[0].id };
}

/** Each call to the database that every message, stream or second makes. */
export const hotCalls: Record<string, (pool: Pool, sample: HotSample) => Promise<unknown>> = {
  insertConversation: (pool) => insertConversation(pool, newConversation({ idempotencyHash: randomBytes(32) })),
  appendMessage: (pool, { conversationId }) =>
    appendMessage(pool, followingMessage(conversationId, { idempotencyHash: randomBytes(32) })),
  "insertConversation, two at once": (pool) =>
    Promise.all([insertConversation(pool, newConversation()), insertConversation(pool, newConversation())]),
  "appendMessage, two at once": (pool, { conversationId }) =>
    Promise.all([appendMessage(pool, followingMessage(conversationId)), appendMessage(pool, followingMessage(v7()))]),
  findByIdempotencyHash: (pool) => findByIdempotencyHash(pool, randomBytes(32)),
  readConversationState: (pool, { conversationId }) => readConversationState(pool, conversationId, 900_000),
  countBacklog: (pool) => countBacklog(pool, 10_000),
  readOwner: (pool, { conversationId }) => readOwner(pool, conversationId),
  "readMessages, the newest": (pool, { conversationId }) => readMessages({ pool }, conversationId, { limit: 50 }),
  readJob: (pool, { job }) => readJob(pool, job.id),
  readJobStates: (pool, { jobIds }) => readJobStates(pool, jobIds),
  readPositions: (pool, { jobIds }) => readPositions(pool, jobIds),
  readRuns: (pool, { job }) => readRuns(pool, job.id),
  listVisitorConversations: (pool) =>
    listVisitorConversations(pool, { hash: randomBytes(32), formerHash: randomBytes(32) }, { limit: 20 }),
  claimJob: (pool, { job }) => claimJob(pool, job.id, true, "a worker"),
  "claimJob, two at once": (pool, { job }) =>
    Promise.all([claimJob(pool, job.id, true, "a worker"), claimJob(pool, v7(), true, "a worker")]),
  "endJob, two at once": (pool, { job }) =>
    Promise.all([endJob(pool, job, completed()), endJob(pool, { ...job, conversationId: v7() }, completed())]),
  readStandings: (pool, { jobIds }) => readStandings(pool, jobIds, true),
  renewLeases: (pool, { jobIds }) =>
    renewLeases(
      pool,
      jobIds.map((id) => ({ id, run: 1 })),
    ),
  holdsAttempt: (pool, { job }) => holdsAttempt(pool, job.id, job.attempt),
  raiseAttempt: (pool, { job }) => raiseAttempt(pool, job, job.attempt),
  releaseJob: (pool, { job }) => releaseJob(pool, job.id, job.attempt),
  beginCall: (pool, { job }) => beginCall(pool, newCall(job)),
  "beginCall, two at once": (pool, { job }) =>
    Promise.all([beginCall(pool, newCall(job)), beginCall(pool, newCall(job))]),
  settleCall: (pool) => settleCall(pool, settlement()),
  withdrawCall: (pool) => withdrawCall(pool, v7()),
  settleLostCalls: (pool) => settleLostCalls(pool),
  bindThread: (pool, { job }) => bindThread(pool, job, { provider: "openai", id: "a thread" }),
  endJob: (pool, { job }) => endJob(pool, job, { ...completed(), call: settlement() }),
  findEnd: (pool, { job }) => findEnd(pool, job, completed()),
  cancelQueuedJob: (pool, { job }) => cancelQueuedJob(pool, job),
  requestCancel: (pool, { job }) => requestCancel(pool, job.id),
  takeDueJobs: (pool) => takeDueJobs(pool),
  markDue: (pool, { jobIds }) => markDue(pool, jobIds),
  readOrphans: (pool) => readOrphans(pool),
  readTombstones: (pool) => readTombstones(pool),
  markErased: (pool, { conversationId }) => markErased(pool, conversationId),
  readIdleConversations: (pool) => readIdleConversations(pool, 30, 100),
  dropTombstones: (pool) => dropTombstones(pool, 100),
  readDepths: (pool) => readDepths(pool),
};

function newCall({ id, attempt }: HotSample["job"]): NewCall {
  const about = { assistantType: "default", provider: "openai", model: "a-model", inputTokens: 10, outputTokens: 20 };
  return { id: v7(), jobId: id, attempt, ...about };
}

function settlement(): CallSettlement {
  const tokens = { inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1 };
  return { id: v7(), end: { outcome: "answered", ...tokens, estimated: false, costUsd: null } };
}
