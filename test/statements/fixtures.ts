import { defaultSite } from "../../shared/sites/default-site.ts";
import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import type { ClaimedJob } from "../../shared/db/jobs/claim.ts";
import { claimSuggestion, type ClaimedSuggestion } from "../../shared/db/desk/suggestions.ts";
import { beginCall, type CallEnd, type NewCall } from "../../shared/db/jobs/calls.ts";
import { storeJobEnd } from "../../shared/db/jobs/end.ts";
import { storeTombstone } from "../../shared/db/conversations/erasure.ts";
import { rateMessage } from "../../shared/db/conversations/feedback.ts";
import { addTestSource, citationOf } from "../../shared/testing/fixtures/citations.ts";
import { askForSuggestion } from "../../shared/testing/fixtures/operators.ts";
import { claim, completed, startConversation, type TestJob } from "../../shared/testing/fixtures/conversations.ts";

export const buffer = z.instanceof(Buffer);
export const operatorName = z.strictObject({ name: z.string(), avatarUrl: z.string().nullable() });
export const runOutcome = z.enum(["completed", "failed", "cancelled", "released"]);
export const callOutcome = z.enum(["answered", "failed", "stopped", "lost"]);

/** A job that a worker has claimed, in a conversation with every nullable column set. */
export async function startActive(pool: Pool, visitorHash: Buffer = randomBytes(32)): Promise<ClaimedJob & TestJob> {
  const job = await startConversation(pool, {
    visitorHash,
    provider: "openai",
    metadata: { page: "/prices" },
    idempotencyHash: randomBytes(32),
    requestHash: randomBytes(32),
    trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    thread: { provider: "openai", id: v7() },
  });
  return { ...job, ...(await claim(pool, job.id)) };
}

export function newCall({ id, attempt }: { id: string; attempt: number }): NewCall {
  const about = { assistantType: "default", provider: "openai", model: "a-model", inputTokens: 10, outputTokens: 20 };
  return { id: v7(), jobId: id, attempt, siteId: defaultSite, ...about };
}

export async function beginActiveCall(pool: Pool): Promise<NewCall> {
  const call = newCall(await startActive(pool));
  await beginCall(pool, call);
  return call;
}

export const callEnd: CallEnd = {
  outcome: "answered",
  inputTokens: 1,
  cachedInputTokens: 2,
  cacheWriteTokens: 3,
  outputTokens: 4,
  estimated: false,
  costUsd: 0.5,
};

/** A job with one settled call and a reply that cites a source. */
export async function answerOne(
  pool: Pool,
  visitorHash?: Buffer,
): Promise<{ job: ClaimedJob & TestJob; replyId: string }> {
  const job = await startActive(pool, visitorHash);
  const call = newCall(job);
  await beginCall(pool, call);
  const { reply, ...end } = completed();
  if (!reply) throw new Error("a completed job has a reply");
  const sources = [citationOf(await addTestSource(pool))];
  await storeJobEnd(pool, {
    job,
    end: {
      ...end,
      reply: { ...reply, sources },
      costUsd: 0.5,
      firstDeltaMs: 12,
      call: { id: call.id, end: callEnd },
      unanswered: { words: randomBytes(32) },
    },
  });
  return { job, replyId: reply.id };
}

/** The same with a rating. */
export async function answerRated(pool: Pool): Promise<{ job: ClaimedJob & TestJob; replyId: string }> {
  const answered = await answerOne(pool);
  await rateMessage(pool, answered.job.conversationId, answered.replyId, { rating: "up", comment: "thanks" });
  return answered;
}

/** A job that has failed. */
export async function failOne(pool: Pool): Promise<TestJob> {
  const job = await startActive(pool);
  await storeJobEnd(pool, { job, end: { status: "failed", errorCode: "deadline" } });
  return job;
}

/** A conversation that was deleted a month ago; its tombstone has expired if it was erased. */
export async function deleteOne(pool: Pool, erased: boolean): Promise<string> {
  const { conversationId } = await startActive(pool);
  await storeTombstone(pool, conversationId);
  await pool.query(
    `update conversations set deleted_at = now() - interval '40 d', erased_at = case when $2 then now() - interval '40 d' end
     where id = $1`,
    [conversationId, erased],
  );
  return conversationId;
}

/** A suggestion that a worker has claimed, the oldest that was asked for. */
export async function claimOneSuggestion(pool: Pool): Promise<ClaimedSuggestion> {
  await askForSuggestion(pool);
  const claimed = await claimSuggestion(pool);
  if (!claimed) throw new Error("no suggestion was to be had");
  return claimed;
}
