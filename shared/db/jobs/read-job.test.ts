import { v4 } from "uuid";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { answer, claim, completed, followUp, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { storeJobEnd } from "./end.ts";
import { readJob, readJobStates, readPositions } from "./read-job.ts";

describe("job row", () => {
  let db: OpenTestDatabase;

  beforeAll(async () => {
    db = await openTestDatabase();
    return () => db[Symbol.asyncDispose]();
  });

  it("of a queued job omits later fields", async () => {
    const job = await startConversation(db.pool);
    expect(await readJob(db.pool, job.id)).toMatchObject({
      id: job.id,
      conversationId: job.conversationId,
      messageId: job.messageId,
      status: "queued",
      attempt: 0,
      assistantType: "default",
      provider: null,
      errorCode: null,
      startedAt: null,
      finishedAt: null,
      conversationDeleted: false,
      visitorHash: null,
      trace: null,
      replyAttempt: null,
      replyId: null,
      replyText: null,
      replyAt: null,
    });
  });

  it("of a completed job has the reply, with times in milliseconds", async () => {
    const job = await startConversation(db.pool);
    const end = completed("the reply");
    await storeJobEnd(db.pool, { job: await claim(db.pool, job.id), end });
    const row = await readJob(db.pool, job.id);
    expect(row).toMatchObject({
      status: "completed",
      attempt: 1,
      provider: "preset",
      inputTokens: 3,
      outputTokens: 5,
      replyAttempt: 1,
      replyId: end.reply?.id,
      replyText: "the reply",
      replyFinishReason: "stop",
      replyFallback: false,
    });
    const { rows } = await db.pool.query<{ now: number }>("select extract(epoch from now())::float8 * 1000 as now");
    const now = rows[0]?.now ?? 0;
    for (const time of [row?.createdAt, row?.startedAt, row?.finishedAt, row?.replyAt]) {
      expect(time).toBeGreaterThan(now - 10_000);
      expect(time).toBeLessThanOrEqual(now + 1);
    }
  });

  it("of a deleted conversation says so and has no reply", async () => {
    const job = await startConversation(db.pool);
    await answer(db.pool, job.id);
    await storeTombstone(db.pool, job.conversationId);
    expect(await readJob(db.pool, job.id)).toMatchObject({
      status: "completed",
      conversationDeleted: true,
      replyId: null,
      replyText: null,
    });
  });

  it("is not found for an unknown id", async () => {
    expect(await readJob(db.pool, v4())).toBeUndefined();
  });

  it("can be read for many jobs at once, in its changing fields", async () => {
    const [queued, active] = [await startConversation(db.pool), await startConversation(db.pool)];
    await claim(db.pool, active.id);
    const states = await readJobStates(db.pool, [queued.id, active.id, v4()]);
    expect(new Set(states)).toEqual(
      new Set([
        { id: queued.id, status: "queued", attempt: 0 },
        { id: active.id, status: "active", attempt: 1 },
      ]),
    );
    expect(await readJobStates(db.pool, [])).toEqual([]);
  });
});

describe("position of a queued job", () => {
  let db: OpenTestDatabase;

  beforeEach(async () => {
    const own = await openTestDatabase();
    db = own;
    onTestFinished(() => own[Symbol.asyncDispose]());
  });

  it("counts queued jobs accepted before it", async () => {
    const jobs = [];
    for (let count = 0; count < 5; count += 1) jobs.push(await startConversation(db.pool));
    const [first, , , fourth, last] = jobs.map(({ id }) => id);
    if (!first || !fourth || !last) throw new Error("all five are there");
    expect(await readPositions(db.pool, [last])).toEqual(new Map([[last, 4]]));
    expect(await readPositions(db.pool, [last, first, fourth])).toEqual(
      new Map([
        [first, 0],
        [fourth, 3],
        [last, 4],
      ]),
    );
    await answer(db.pool, first);
    expect(await readPositions(db.pool, [first, last, v4()])).toEqual(new Map([[last, 3]]));
    expect(await readPositions(db.pool, [])).toEqual(new Map());
  });

  it("is equal for jobs accepted at the same moment", async () => {
    const jobs = [];
    for (let count = 0; count < 4; count += 1) jobs.push(await startConversation(db.pool));
    const ids = jobs.map(({ id }) => id);
    const [first = "", second = "", third = "", fourth = ""] = ids;
    await db.pool.query("update jobs set created_at = '2026-01-01' where id = any($1)", [[second, third]]);
    await db.pool.query("update jobs set created_at = '2025-01-01' where id = $1", [first]);
    expect(await readPositions(db.pool, ids)).toEqual(
      new Map([
        [first, 0],
        [second, 1],
        [third, 1],
        [fourth, 3],
      ]),
    );
  });

  it("counts jobs waiting behind another of their conversation, too", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    expect(await readPositions(db.pool, [second.id])).toEqual(new Map([[second.id, 1]]));
  });
});
