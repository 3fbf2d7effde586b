import { v4 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  claim,
  completed,
  followUp,
  importedMessage,
  loseLease,
  openJobs,
  readColumns,
  startConversation,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { claimJob, holdsAttempt, raiseAttempt, readSnapshots, releaseJob, renewLeases } from "./claim.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { cancelQueuedJob, storeJobEnd, requestCancel } from "./end.ts";
import { leaseMs, maxCrashes } from "../../tunables.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

/** Time left of a job's lease, in seconds by the database's clock. */
async function leaseLeft(jobId: string): Promise<number | undefined> {
  const [snapshot] = await readSnapshots(db.pool, [jobId], { reclaim: true });
  return snapshot && snapshot.leaseLeftMs / 1000;
}

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("claim", () => {
  it("gives the head to a worker, with a lease and the history", async () => {
    const job = await startConversation(db.pool, { text: "Hello", provider: "preset", requestId: "request-7", trace });
    const claimed = await claimJob(db.pool, { jobId: job.id, reclaim: false, worker: "a worker" });
    expect(claimed).toMatchObject({
      id: job.id,
      conversationId: job.conversationId,
      run: 1,
      attempt: 1,
      assistantType: "default",
      providerOverride: "preset",
      requestId: "request-7",
      trace,
      ageMs: 0,
      history: [{ sender: "user", text: "Hello", imported: false }],
    });
    expect(claimed?.sinceAcceptedMs).toBeGreaterThan(0);
    expect(claimed?.sinceAcceptedMs).toBeLessThan(10_000);
    expect(await readColumns(db.pool, job.id)).toMatchObject({ status: "active", deaths: 0 });
    expect(await leaseLeft(job.id)).toBeCloseTo(leaseMs / 1000, 0);
  });

  it("is refused for any job but the head", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    expect(await claimJob(db.pool, { jobId: second.id, reclaim: true, worker: "a worker" })).toBeUndefined();
    await answer(db.pool, first.id);
    expect(await claimJob(db.pool, { jobId: second.id, reclaim: true, worker: "a worker" })).toMatchObject({
      id: second.id,
    });
  });

  it("has one winner of twenty", async () => {
    const { id } = await startConversation(db.pool);
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })),
    );
    expect(claims.filter(Boolean)).toMatchObject([{ run: 1, attempt: 1 }]);
    expect(await readColumns(db.pool, id)).toMatchObject({ run: 1, attempt: 1 });
  });

  it("has one winner of twenty for an expired lease, too", async () => {
    const { id } = await startConversation(db.pool);
    await claim(db.pool, id);
    await loseLease(db.pool, id);
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })),
    );
    expect(claims.filter(Boolean)).toMatchObject([{ run: 2, attempt: 2 }]);
    expect(await readColumns(db.pool, id)).toMatchObject({ deaths: 1 });
  });

  it("is refused for ended, cancelled, deleted and unknown jobs", async () => {
    const ended = await startConversation(db.pool);
    await answer(db.pool, ended.id);
    const cancelled = await startConversation(db.pool);
    await cancelQueuedJob(db.pool, cancelled);
    const deleted = await startConversation(db.pool);
    await storeTombstone(db.pool, deleted.conversationId);
    for (const id of [ended.id, cancelled.id, deleted.id, v4()]) {
      expect(await claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })).toBeUndefined();
    }
  });

  it("is refused during another's lease, and after it unless reclaiming is allowed", async () => {
    const { id } = await startConversation(db.pool);
    await claim(db.pool, id);
    expect(await claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })).toBeUndefined();
    await loseLease(db.pool, id);
    expect(await claimJob(db.pool, { jobId: id, reclaim: false, worker: "a worker" })).toBeUndefined();
    expect(await claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })).toMatchObject({
      run: 2,
      attempt: 2,
    });
    expect(await leaseLeft(id)).toBeCloseTo(leaseMs / 1000, 0);
  });

  it("reports the time since the first claim", async () => {
    const { id } = await startConversation(db.pool);
    await claim(db.pool, id);
    await db.pool.query("update jobs set started_at = now() - interval '90 s' where id = $1", [id]);
    await loseLease(db.pool, id);
    const { ageMs } = await claim(db.pool, id);
    expect(ageMs).toBeGreaterThanOrEqual(90_000);
    expect(ageMs).toBeLessThan(95_000);
  });

  it("is refused once a cancel was requested", async () => {
    const { id } = await startConversation(db.pool);
    await claim(db.pool, id);
    await requestCancel(db.pool, id);
    await loseLease(db.pool, id);
    expect(await claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })).toBeUndefined();
  });

  it("is refused after three crashed runs", async () => {
    const { id } = await startConversation(db.pool);
    for (let run = 1; run <= maxCrashes; run += 1) {
      expect(await claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })).toMatchObject({ run });
      await loseLease(db.pool, id);
    }
    expect(await claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })).toBeUndefined();
    expect(await readSnapshots(db.pool, [id], { reclaim: true })).toMatchObject([
      { crashes: maxCrashes, reclaimable: true },
    ]);
  });

  it("does not count released runs as crashes", async () => {
    const { id } = await startConversation(db.pool);
    for (let run = 1; run <= maxCrashes + 1; run += 1) {
      const { attempt } = await claim(db.pool, id);
      await releaseJob(db.pool, id, attempt);
    }
    expect(await claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })).toMatchObject({
      run: maxCrashes + 2,
    });
    expect(await readColumns(db.pool, id)).toMatchObject({ deaths: 0 });
  });
});

describe("history of a claimed job", () => {
  it("is ordered by turn: a late reply follows its own message", async () => {
    const first = await startConversation(db.pool, { text: "one" });
    const second = await followUp(db.pool, first.conversationId, { text: "two" });
    await followUp(db.pool, first.conversationId, { text: "three" });
    await answer(db.pool, first.id, "reply to one");
    const { history } = await claim(db.pool, second.id);
    expect(history.map(({ text }) => text)).toEqual(["one", "reply to one", "two"]);
  });

  it("ends with the job's own message, without an existing reply to it", async () => {
    const first = await startConversation(db.pool, { text: "one" });
    await db.pool.query(
      "insert into messages (id, conversation_id, turn, sender, text) values (gen_random_uuid(), $1, 1, 'ai', 'stray')",
      [first.conversationId],
    );
    const { history } = await claim(db.pool, first.id);
    expect(history.map(({ text }) => text)).toEqual(["one"]);
  });

  it("begins with imported turns, marked as such", async () => {
    const history = [importedMessage(1, "ai"), importedMessage(2, "user"), importedMessage(2, "ai")];
    const job = await startConversation(db.pool, { history, turn: 3, text: "now" });
    expect((await claim(db.pool, job.id)).history).toEqual([
      { sender: "ai", text: "ai 1", imported: true },
      { sender: "user", text: "user 2", imported: true },
      { sender: "ai", text: "ai 2", imported: true },
      { sender: "user", text: "now", imported: false },
    ]);
  });

  it("contains the newest hundred messages, its own included", async () => {
    const history = Array.from({ length: 60 }, (_, turn) => [
      importedMessage(turn + 1, "user"),
      importedMessage(turn + 1, "ai"),
    ]).flat();
    const job = await startConversation(db.pool, { history, turn: 61, text: "now" });
    const texts = (await claim(db.pool, job.id)).history.map(({ text }) => text);
    const expected = history.slice(-99).map(({ text }) => text);
    expect(texts).toEqual([...expected, "now"]);
  });

  it("returns text unchanged, whatever its characters", async () => {
    const text = 'né 漢字 👩‍👧 "quoted" \\ \u2028 \u0007 {}';
    const job = await startConversation(db.pool, { text });
    expect((await claim(db.pool, job.id)).history).toEqual([{ sender: "user", text, imported: false }]);
  });
});

describe("renewing leases", () => {
  it("extends them and reports requested cancels", async () => {
    const [one, two] = [await startConversation(db.pool), await startConversation(db.pool)];
    const held = [await claim(db.pool, one.id), await claim(db.pool, two.id)];
    await db.pool.query("update jobs set lease_until = now() + interval '2 s' where id = any($1)", [[one.id, two.id]]);
    await requestCancel(db.pool, two.id);
    const renewed = await renewLeases(db.pool, held);
    expect(new Map(renewed.map(({ id, cancelRequested }) => [id, cancelRequested]))).toEqual(
      new Map([
        [one.id, false],
        [two.id, true],
      ]),
    );
    for (const { id } of held) expect(await leaseLeft(id)).toBeCloseTo(leaseMs / 1000, 0);
  });

  it("does not revive jobs that were reclaimed, ended or deleted", async () => {
    const jobs = [];
    for (let count = 0; count < 4; count += 1) jobs.push(await startConversation(db.pool));
    const [taken, ended, deleted, kept] = await Promise.all(jobs.map(({ id }) => claim(db.pool, id)));
    if (!taken || !ended || !deleted || !kept) throw new Error("all four are there");
    await loseLease(db.pool, taken.id);
    await claim(db.pool, taken.id);
    await storeJobEnd(db.pool, { job: ended, end: completed() });
    await storeTombstone(db.pool, deleted.conversationId);
    expect(await renewLeases(db.pool, [taken, ended, deleted, kept])).toEqual([
      { id: kept.id, cancelRequested: false },
    ]);
  });

  it("saves a job with an expired lease if it is first", async () => {
    const { id } = await startConversation(db.pool);
    const held = await claim(db.pool, id);
    await loseLease(db.pool, id);
    expect(await renewLeases(db.pool, [held])).toHaveLength(1);
    expect(await claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })).toBeUndefined();
  });

  it("has one winner against a reclaim", async () => {
    const jobs = await Promise.all(Array.from({ length: 30 }, () => startConversation(db.pool)));
    for (const { id } of jobs) {
      const held = await claim(db.pool, id);
      await loseLease(db.pool, id);
      const [renewed, taken] = await Promise.all([
        renewLeases(db.pool, [held]),
        claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" }),
      ]);
      expect([renewed.length === 1, taken !== undefined].filter(Boolean)).toHaveLength(1);
    }
  });
});

describe("new attempt within a run", () => {
  it("is raised by the run that holds the job, repeatedly, and fences off the previous one", async () => {
    const { id } = await startConversation(db.pool);
    const run = await claim(db.pool, id);
    expect(await raiseAttempt(db.pool, run, 1)).toBe(2);
    expect(await raiseAttempt(db.pool, run, 1)).toBe(2);
    expect(await holdsAttempt(db.pool, id, 1)).toBe(false);
    expect(await storeJobEnd(db.pool, { job: { ...run, attempt: 1 }, end: completed() })).toBeUndefined();
    expect(await renewLeases(db.pool, [run])).toHaveLength(1);
    expect(await storeJobEnd(db.pool, { job: { ...run, attempt: 2 }, end: completed() })).toBeDefined();
    expect(await raiseAttempt(db.pool, run, 2)).toBeUndefined();
  });

  it("is refused to a run that lost the job", async () => {
    const { id } = await startConversation(db.pool);
    const zombie = await claim(db.pool, id);
    await loseLease(db.pool, id);
    await claim(db.pool, id);
    expect(await raiseAttempt(db.pool, zombie, 1)).toBeUndefined();
    expect(await holdsAttempt(db.pool, id, 2)).toBe(true);
  });
});

describe("released job", () => {
  it("may be claimed at once, even while reclaiming is paused", async () => {
    const { id } = await startConversation(db.pool);
    const { attempt } = await claim(db.pool, id);
    expect(await releaseJob(db.pool, id, attempt)).toBe(true);
    expect(await claimJob(db.pool, { jobId: id, reclaim: false, worker: "a worker" })).toMatchObject({
      run: 2,
      attempt: 2,
    });
  });

  it("cannot be released by a run that lost it", async () => {
    const { id } = await startConversation(db.pool);
    const first = await claim(db.pool, id);
    await loseLease(db.pool, id);
    const second = await claim(db.pool, id);
    expect(await releaseJob(db.pool, id, first.attempt)).toBe(false);
    expect(await holdsAttempt(db.pool, id, first.attempt)).toBe(false);
    expect(await holdsAttempt(db.pool, id, second.attempt)).toBe(true);
    await storeJobEnd(db.pool, { job: second, end: completed() });
    expect(await releaseJob(db.pool, id, second.attempt)).toBe(false);
    expect(await holdsAttempt(db.pool, id, second.attempt)).toBe(false);
  });
});

describe("snapshot of a job", () => {
  it("contains head, lease, cancel and crashes", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    const queued = {
      status: "queued",
      errorCode: null,
      attempt: 0,
      reclaimable: false,
      leaseLeftMs: 0,
      cancelRequested: false,
      crashes: 0,
      handoffDue: false,
      paused: false,
    };
    const read = async (id: string) => (await readSnapshots(db.pool, [id], { reclaim: true }))[0];
    expect(await read(first.id)).toEqual({
      ...queued,
      id: first.id,
      conversationId: first.conversationId,
      requestId: "request-1",
      head: true,
    });
    expect(await read(second.id)).toMatchObject({ ...queued, head: false });

    const { attempt } = await claim(db.pool, first.id);
    await requestCancel(db.pool, first.id);
    // It dies, should it lose its lease.
    expect(await read(first.id)).toMatchObject({
      status: "active",
      reclaimable: false,
      cancelRequested: true,
      crashes: 1,
    });
    await releaseJob(db.pool, first.id, attempt);
    expect(await read(first.id)).toMatchObject({ status: "active", reclaimable: true, crashes: 0, leaseLeftMs: 0 });
    await storeJobEnd(db.pool, { job: { ...first, attempt }, end: completed() });
    expect(await read(first.id)).toMatchObject({ status: "completed", head: false, reclaimable: false });
    expect(await openJobs(db.pool, first.conversationId)).toEqual([second.id]);
    expect(await read(v4())).toBeUndefined();
  });

  it("counts an expired lease only where reclaiming is allowed", async () => {
    const { id } = await startConversation(db.pool);
    const { attempt } = await claim(db.pool, id);
    await loseLease(db.pool, id);
    expect(await readSnapshots(db.pool, [id], { reclaim: false })).toMatchObject([{ reclaimable: false }]);
    expect(await readSnapshots(db.pool, [id], { reclaim: true })).toMatchObject([{ reclaimable: true }]);
    await releaseJob(db.pool, id, attempt);
    expect(await readSnapshots(db.pool, [id], { reclaim: false })).toMatchObject([{ reclaimable: true }]);
  });
});
