import { beforeAll, describe, expect, it } from "vitest";
import { cancelQueuedJob, storeJobEnd } from "../db/jobs/end.ts";
import { claimJob, releaseJob } from "../db/jobs/claim.ts";
import { claim, completed, followUp, loseLease, startConversation } from "../testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../testing/fixtures/job-context.ts";
import { addOperator } from "../testing/fixtures/operators.ts";
import { handOff } from "../voices/hand-over.ts";
import { takeOver } from "../voices/take-over.ts";
import { deleteConversation } from "./delete-conversation.ts";

const [, onPostgres] = jobStores;
const claims = Buffer.from("sealed claims");

let jobs: TestJobContext;
beforeAll(async () => {
  jobs = await onPostgres.openJobs();
  return () => jobs[Symbol.asyncDispose]();
});

async function kept(conversationId: string): Promise<unknown[]> {
  const sql = "select claims from jobs where conversation_id = $1 order by turn";
  const { rows } = await jobs.db.pool.query<{ claims: Buffer | null }>(sql, [conversationId]);
  return rows.map((row) => row.claims?.toString() ?? null);
}

/** Two jobs with claims: one that a worker has claimed, and one that waits behind it. */
async function twoJobs() {
  const { pool } = jobs.db;
  const first = await startConversation(pool, { claims });
  const second = await followUp(pool, first.conversationId, { claims });
  return { conversationId: first.conversationId, first: await claim(pool, first.id), second };
}

describe("claims of a visitor's identity", () => {
  it("go to each run of their job, until it ends", async () => {
    const { pool } = jobs.db;
    const { conversationId, first } = await twoJobs();
    expect(first.claims).toEqual(claims);
    await releaseJob(pool, first.id, first.attempt);
    const again = await claim(pool, first.id);
    expect(again.claims).toEqual(claims);
    await loseLease(pool, first.id);
    const last = await claimJob(pool, { jobId: first.id, reclaim: true, worker: "another" });
    expect(last?.claims).toEqual(claims);
    expect(await kept(conversationId)).toEqual(["sealed claims", "sealed claims"]);
    await storeJobEnd(pool, { job: last ?? again, end: completed() });
    expect(await kept(conversationId)).toEqual([null, "sealed claims"]);
  });

  it.each<[string, (made: Awaited<ReturnType<typeof twoJobs>>) => Promise<unknown>, (string | null)[]]>([
    ["stopped in the queue", ({ second }) => cancelQueuedJob(jobs.db.pool, second), ["sealed claims", null]],
    [
      "failed",
      ({ first: job }) =>
        storeJobEnd(jobs.db.pool, { job, end: { status: "failed", errorCode: "provider_unavailable" } }),
      [null, "sealed claims"],
    ],
    [
      "handed to people in the queue",
      ({ conversationId }) => handOff(jobs, conversationId, { reason: "asked" }),
      ["sealed claims", null],
    ],
    [
      "taken over",
      async ({ conversationId }) => {
        const { id } = await addOperator(jobs.db.pool);
        await takeOver(jobs, conversationId, { operatorId: id, actorId: id, reason: "taken", force: false });
      },
      [null, null],
    ],
    ["deleted", ({ conversationId }) => deleteConversation(jobs, conversationId), [null, null]],
  ])("are gone from a job that was %s", async (_how, end, left) => {
    const made = await twoJobs();
    await end(made);
    expect(await kept(made.conversationId)).toEqual(left);
  });

  it("are kept for no message that people answer", async () => {
    const { pool } = jobs.db;
    const { id, conversationId } = await startConversation(pool);
    await storeJobEnd(pool, { job: await claim(pool, id), end: completed() });
    await handOff(jobs, conversationId, { reason: "asked" });
    await followUp(pool, conversationId, { claims });
    expect(await kept(conversationId)).toEqual([null, null]);
  });
});
