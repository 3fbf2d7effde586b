import { v7 } from "uuid";
import { describe, expect, it } from "vitest";
import { readMessages } from "../db/conversations/conversations.ts";
import { noteCitation } from "../db/replies/citations.ts";
import { handInCut } from "../db/voices/hand-in-cut.ts";
import { defaultSite } from "../sites/default-site.ts";
import { addTestSource, citationOf } from "../testing/fixtures/citations.ts";
import { claim, startConversation } from "../testing/fixtures/conversations.ts";
import { jobStores, openJobsOnRedis, type TestJobContext } from "../testing/fixtures/job-context.ts";
import { addOperator } from "../testing/fixtures/operators.ts";
import { redisAvailable } from "../testing/stores/redis.ts";
import { takeOver } from "./take-over.ts";

const text = "Één. Two. ";

/** A reply that is being written: one citation lies in its text, one ends where it ends, one is beyond it. */
async function startCiting({ db, live }: TestJobContext) {
  const job = await startConversation(db.pool);
  const { attempt } = await claim(db.pool, job.id);
  await live.append({ jobId: job.id, attempt, offset: 0, text });
  const sourceId = await addTestSource(db.pool);
  const ends = [6, Buffer.byteLength(text), Buffer.byteLength(text) + 1];
  for (const [no, end] of ends.entries()) {
    const citation = citationOf(sourceId, { n: no + 1, begins: 0, ends: end });
    await noteCitation(db.pool, { jobId: job.id, attempt, siteId: defaultSite, no, citation });
  }
  return { ...job, attempt };
}

async function take(context: TestJobContext, conversationId: string): Promise<void> {
  const { id: operatorId } = await addOperator(context.db.pool);
  await takeOver(context, conversationId, { operatorId, actorId: operatorId, reason: "taken", force: false });
}

async function citedEnds({ db }: TestJobContext, conversationId: string) {
  const page = await readMessages(db, conversationId, { limit: 10 });
  return page?.messages.flatMap(({ sources }) => sources ?? []).map(({ n, end }) => ({ n, end }));
}

async function countNoted({ db }: TestJobContext, jobId: string) {
  return (await db.pool.query("select from draft_sources where job_id = $1", [jobId])).rowCount;
}

const within = [
  { n: 1, end: 6 },
  { n: 2, end: Buffer.byteLength(text) },
];

describe.each(jobStores)("a take-over between two citations, on $name", ({ available, openJobs }) => {
  it.runIf(available)("keeps those within the cut", async () => {
    await using context = await openJobs();
    const job = await startCiting(context);
    await take(context, job.conversationId);
    expect(await citedEnds(context, job.conversationId)).toEqual(within);
    expect(await countNoted(context, job.id)).toBe(0);
  });
});

it.runIf(redisAvailable)("a cut that is handed in later has its citations", async () => {
  await using context = await openJobsOnRedis();
  const { conversationId, id: jobId, attempt } = await startCiting(context);
  await context.redis.kill();
  await take(context, conversationId);
  expect(await citedEnds(context, conversationId)).toEqual([]);
  await handInCut(context.db.pool, { conversationId, jobId, attempt, replyId: v7(), text });
  expect(await citedEnds(context, conversationId)).toEqual(within);
  expect(await countNoted(context, jobId)).toBe(0);
});
