import { v4 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  claim,
  completed,
  followUp,
  loseLease,
  newConversation,
  queueBehindRow,
  startConversation,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { claimJob } from "../jobs/claim.ts";
import { storeTombstone } from "./erasure.ts";
import { storeJobEnd } from "../jobs/end.ts";
import { insertConversation } from "../submit/submit.ts";
import {
  bindThread,
  discardThread,
  forgetThread,
  hastenDeletions,
  isDiscarded,
  isThreadClash,
  putOffDeletion,
  takeThreadDeletions,
} from "./threads.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const newThread = () => ({ provider: "openai", id: `thread_${v4()}` });

async function boundThread(conversationId: string) {
  const { rows } = await db.pool.query(
    "select thread_provider as provider, thread_id as id, thread_turn as turn from conversations where id = $1",
    [conversationId],
  );
  return rows[0] as unknown;
}

async function toDelete(): Promise<string[]> {
  const { rows } = await db.pool.query<{ id: string }>("select thread_id as id from thread_deletions");
  return rows.map(({ id }) => id);
}

describe("thread of a conversation", () => {
  it("is bound by the run that holds the job, repeatedly, and has a turn once it was answered there", async () => {
    const first = await startConversation(db.pool);
    const job = await claim(db.pool, first.id);
    expect(job).toMatchObject({ thread: null, turn: 1, previousTurn: 0 });
    const thread = newThread();
    expect(await bindThread(db.pool, job, thread)).toBe(true);
    expect(await bindThread(db.pool, job, thread)).toBe(true);
    expect(await boundThread(first.conversationId)).toEqual({ ...thread, turn: null });
    await storeJobEnd(db.pool, { job, end: { ...completed(), inThread: true } });
    expect(await toDelete()).not.toContain(thread.id);

    const second = await followUp(db.pool, first.conversationId);
    expect(await claim(db.pool, second.id)).toMatchObject({
      thread: { ...thread, turn: 1 },
      turn: 2,
      previousTurn: 1,
    });
  });

  it("is outdated when a turn is answered elsewhere", async () => {
    const first = await startConversation(db.pool);
    const job = await claim(db.pool, first.id);
    await bindThread(db.pool, job, newThread());
    await storeJobEnd(db.pool, { job, end: { ...completed(), inThread: true } });
    await answer(db.pool, (await followUp(db.pool, first.conversationId)).id);
    const third = await followUp(db.pool, first.conversationId);
    expect(await claim(db.pool, third.id)).toMatchObject({ thread: { turn: 1 }, previousTurn: 2 });
  });

  it("is replaced by a new one and queued for deletion, unless it was adopted", async () => {
    const [brought, made, last] = [newThread(), newThread(), newThread()];
    const row = newConversation({ thread: brought });
    await insertConversation(db.pool, row);
    const job = await claim(db.pool, row.jobId);
    expect(job.thread).toEqual({ ...brought, turn: 0 });
    await bindThread(db.pool, job, made);
    await bindThread(db.pool, job, last);
    expect(await boundThread(row.conversationId)).toMatchObject(last);
    const queued = await toDelete();
    expect(queued).toContain(made.id);
    expect(queued).not.toContain(brought.id);
    expect(queued).not.toContain(last.id);
  });

  it("cannot belong to two conversations", async () => {
    const thread = newThread();
    await insertConversation(db.pool, newConversation({ thread }));
    const error: unknown = await insertConversation(db.pool, newConversation({ thread })).catch(
      (cause: unknown) => cause,
    );
    expect(isThreadClash(error)).toBe(true);
  });

  it("is not bound by a run that lost its job", async () => {
    const first = await startConversation(db.pool);
    const zombie = await claim(db.pool, first.id);
    await loseLease(db.pool, first.id);
    const job = await claim(db.pool, first.id);
    expect(await bindThread(db.pool, zombie, newThread())).toBe(false);
    await storeJobEnd(db.pool, { job, end: completed() });
    expect(await bindThread(db.pool, job, newThread())).toBe(false);
    expect(await boundThread(first.conversationId)).toMatchObject({ id: null });
  });

  it("is not bound by a run that loses its job while it waits", async () => {
    const first = await startConversation(db.pool);
    const zombie = await claim(db.pool, first.id);
    await loseLease(db.pool, first.id);
    const [bound] = await queueBehindRow(
      db.pool,
      first.conversationId,
      [() => bindThread(db.pool, zombie, newThread())],
      () => claimJob(db.pool, { jobId: first.id, reclaim: true, worker: "a worker" }),
    );
    expect(bound).toEqual({ status: "fulfilled", value: false });
    expect(await boundThread(first.conversationId)).toMatchObject({ id: null });
  });

  it("is not bound to a conversation deleted meanwhile, and its predecessor is deleted", async () => {
    const first = await startConversation(db.pool);
    const job = await claim(db.pool, first.id);
    const [before, late] = [newThread(), newThread()];
    await bindThread(db.pool, job, before);
    const [, bound] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => storeTombstone(db.pool, first.conversationId),
      () => bindThread(db.pool, job, late),
    ]);
    expect(bound).toEqual({ status: "fulfilled", value: false });
    expect(await boundThread(first.conversationId)).toMatchObject({ id: null });
    expect(await toDelete()).toContain(before.id);
  });

  it("is deleted with its conversation even if bound just before", async () => {
    const first = await startConversation(db.pool);
    const job = await claim(db.pool, first.id);
    const thread = newThread();
    const [bound] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => bindThread(db.pool, job, thread),
      () => storeTombstone(db.pool, first.conversationId),
    ]);
    expect(bound).toEqual({ status: "fulfilled", value: true });
    expect(await toDelete()).toContain(thread.id);
  });
});

describe("threads to be deleted", () => {
  const due = (own: OpenTestDatabase) => own.pool.query("update thread_deletions set due_at = now() - interval '1 s'");
  const left = async (own: OpenTestDatabase) =>
    (
      await own.pool.query<{ tries: number; seconds: number }>(
        "select tries, extract(epoch from due_at - now())::float8 as seconds from thread_deletions",
      )
    ).rows[0];

  /** However slow this machine is. */
  const expectWithin = (row: { seconds: number } | undefined, seconds: number) => {
    expect(row?.seconds).toBeLessThanOrEqual(seconds);
    expect(row?.seconds).toBeGreaterThan(seconds / 2);
  };

  it("are left alone for a moment in which a call may still write into them", async () => {
    await using own = await openTestDatabase();
    await discardThread(own.pool, newThread());
    expect(await takeThreadDeletions(own.pool, ["openai"], 10)).toEqual([]);
    expect((await left(own))?.seconds).toBeGreaterThan(0);
  });

  it("are taken by one worker, retried within a minute, and removed once deleted", async () => {
    await using own = await openTestDatabase();
    const thread = newThread();
    expect(await isDiscarded(own.pool, thread)).toBe(false);
    await discardThread(own.pool, thread);
    await discardThread(own.pool, thread);
    expect(await isDiscarded(own.pool, thread)).toBe(true);
    await due(own);
    expect(await takeThreadDeletions(own.pool, ["another"], 10)).toEqual([]);
    const taken = await Promise.all(Array.from({ length: 5 }, () => takeThreadDeletions(own.pool, ["openai"], 10)));
    expect(taken.flat()).toEqual([thread]);
    expect(await left(own)).toMatchObject({ tries: 1 });
    expectWithin(await left(own), 10);
    await own.pool.query("update thread_deletions set due_at = now() - interval '1 s', tries = 40");
    expect(await takeThreadDeletions(own.pool, ["openai"], 10)).toEqual([thread]);
    expectWithin(await left(own), 60);
    await forgetThread(own.pool, thread);
    expect(await left(own)).toBeUndefined();
  });

  it("are delayed for long if refused, and due at once when their provider is back", async () => {
    await using own = await openTestDatabase();
    const [tried, fresh] = [newThread(), newThread()];
    await discardThread(own.pool, tried);
    await own.pool.query("update thread_deletions set tries = 20");
    await putOffDeletion(own.pool, tried);
    expectWithin(await left(own), 3600);
    await discardThread(own.pool, fresh);
    await hastenDeletions(own.pool, "openai");
    expect(await takeThreadDeletions(own.pool, ["openai"], 10)).toEqual([tried]);
  });
});
