import { v4 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  claim,
  completed,
  followUp,
  openJobs,
  readColumns,
  startConversation,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { claimJob } from "./claim.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { storeJobEnd } from "./end.ts";
import { storeRetry } from "./retry.ts";
import { readRuns } from "./timeline.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

async function failedJob() {
  const job = await startConversation(db.pool);
  const claimed = await claim(db.pool, job.id);
  await storeJobEnd(db.pool, { job: claimed, end: { status: "failed", errorCode: "workers_died" } });
  return job;
}

describe("operator's retry", () => {
  it("queues a failed job again with a fresh set of runs", async () => {
    const job = await failedJob();
    expect(await storeRetry(db.pool, job.id)).toEqual({ retried: true, head: true });
    expect(await readColumns(db.pool, job.id)).toMatchObject({
      status: "queued",
      error_code: null,
      deaths: 0,
      attempt: 1,
    });
    expect(await claimJob(db.pool, { jobId: job.id, reclaim: true, worker: "a worker" })).toMatchObject({
      run: 2,
      attempt: 2,
      history: [{}],
    });
  });

  it("places it before later jobs", async () => {
    const job = await failedJob();
    const later = await followUp(db.pool, job.conversationId);
    expect(await storeRetry(db.pool, job.id)).toEqual({ retried: true, head: true });
    expect(await openJobs(db.pool, job.conversationId)).toEqual([job.id, later.id]);
    expect(await claimJob(db.pool, { jobId: later.id, reclaim: true, worker: "a worker" })).toBeUndefined();
  });

  it("happens once for concurrent requests", async () => {
    const job = await failedJob();
    const results = await Promise.all(Array.from({ length: 10 }, () => storeRetry(db.pool, job.id)));
    expect(results.filter(({ retried }) => retried)).toHaveLength(1);
    expect(await openJobs(db.pool, job.conversationId)).toEqual([job.id]);
  });

  it("is refused while a later message is being answered, and afterwards", async () => {
    const job = await failedJob();
    const later = await followUp(db.pool, job.conversationId);
    const claimed = await claim(db.pool, later.id);
    const refused = { retried: false, reason: "later_answered" };
    expect(await storeRetry(db.pool, job.id)).toEqual(refused);
    await storeJobEnd(db.pool, { job: claimed, end: completed("later") });
    expect(await storeRetry(db.pool, job.id)).toEqual(refused);
  });

  it("is refused for a job that has not failed, was deleted or is unknown", async () => {
    const queued = await startConversation(db.pool);
    expect(await storeRetry(db.pool, queued.id)).toEqual({ retried: false, reason: "not_failed" });
    const deleted = await failedJob();
    await storeTombstone(db.pool, deleted.conversationId);
    expect(await storeRetry(db.pool, deleted.id)).toEqual({ retried: false, reason: "deleted" });
    expect(await storeRetry(db.pool, v4())).toEqual({ retried: false, reason: "unknown" });
  });
});

describe("runs of a job", () => {
  it("name worker, first text and outcome; a crashed run has none", async () => {
    const job = await startConversation(db.pool);
    await claimJob(db.pool, { jobId: job.id, reclaim: true, worker: "one:1" });
    await db.pool.query("update jobs set lease_until = now() - interval '1 s' where id = $1", [job.id]);
    const second = await claimJob(db.pool, { jobId: job.id, reclaim: true, worker: "two:2" });
    if (!second) throw new Error("not claimed");
    await storeJobEnd(db.pool, { job: second, end: { ...completed("a reply"), firstDeltaMs: 120 } });
    const [dead, done] = await readRuns(db.pool, job.id);
    expect(dead).toMatchObject({ run: 1, attempt: 1, worker: "one:1", outcome: null, endedAt: null });
    expect(done).toMatchObject({ run: 2, attempt: 2, worker: "two:2", outcome: "completed" });
    expect((done?.firstDeltaAt ?? 0) - (done?.claimedAt ?? 0)).toBeCloseTo(120, 1);
  });
});
