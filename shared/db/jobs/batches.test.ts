import { defaultSite } from "../../sites/default-site.ts";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  claim,
  completed,
  followingMessage,
  newConversation,
  queueBehindRow,
  startConversation,
  type TestJob,
  waitingForLocks,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { quietLog } from "../../testing/fixtures/quiet-log.ts";
import { beginCall, type CallSettlement, type NewCall } from "./calls.ts";
import { claimJob, type ClaimedJob } from "./claim.ts";
import { type Database, openDatabase } from "../database.ts";
import { storeJobEnd } from "./end.ts";
import { readJob } from "./read-job.ts";
import { appendMessage, insertConversation } from "../submit/submit.ts";

let db: OpenTestDatabase;
/** Statements so far. */
let sent = 0;
beforeAll(async () => {
  db = await openTestDatabase();
  const query = db.pool.query.bind(db.pool) as (...args: unknown[]) => unknown;
  Object.assign(db.pool, {
    query: (...args: unknown[]) => {
      sent += 1;
      return query(...args);
    },
  });
});
afterAll(() => db[Symbol.asyncDispose]());

function startSome(count: number): Promise<TestJob[]> {
  return Promise.all(Array.from({ length: count }, () => startConversation(db.pool)));
}

async function claimSome(count: number): Promise<ClaimedJob[]> {
  const jobs = await startSome(count);
  return Promise.all(jobs.map(({ id }) => claim(db.pool, id)));
}

/** How many statements a call took. */
async function countStatements(call: () => Promise<unknown>): Promise<number> {
  const before = sent;
  await call();
  return sent - before;
}

/** As another process has it; with one connection, a transaction may be held on it. */
function openDatabaseAgain({ connections = 20 } = {}): Database & AsyncDisposable {
  const other = openDatabase(db.url, quietLog(), { connections });
  return { ...other, [Symbol.asyncDispose]: () => other.close() };
}

function settled(id: string): CallSettlement {
  const tokens = { inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1 };
  return { id, end: { outcome: "answered", ...tokens, estimated: false, costUsd: 0.5 } };
}

function newCall(job: ClaimedJob): NewCall {
  const { id: jobId, attempt } = job;
  return {
    id: v7(),
    jobId,
    attempt,
    siteId: defaultSite,
    assistantType: "default",
    provider: "openai",
    model: "a-model",
    inputTokens: 10,
    outputTokens: 20,
  };
}

describe("batch", () => {
  it("is one statement for first messages, later messages, claims, calls and ends", async () => {
    const firsts = Array.from({ length: 30 }, () => newConversation());
    const statements = [
      await countStatements(() => Promise.all(firsts.map((row) => insertConversation(db.pool, row)))),
    ];
    const following = firsts.map(({ conversationId }) => followingMessage(conversationId));
    statements.push(
      await countStatements(async () => {
        const accepted = await Promise.all(following.map((row) => appendMessage(db.pool, row)));
        expect(accepted).toEqual(
          following.map(() => ({ head: false, eventSeq: 4, handledBy: "ai", operator: null, handoffDue: false })),
        );
      }),
    );
    const claimed: ClaimedJob[] = [];
    statements.push(
      await countStatements(async () => {
        claimed.push(...(await Promise.all(firsts.map(({ jobId }) => claim(db.pool, jobId)))));
      }),
    );
    expect(claimed.map(({ id }) => id)).toEqual(firsts.map(({ jobId }) => jobId));
    statements.push(
      await countStatements(async () => {
        const begun = await Promise.all(claimed.map((job) => beginCall(db.pool, newCall(job))));
        expect(new Set(begun)).toEqual(new Set(["begun"]));
      }),
    );
    statements.push(
      await countStatements(async () => {
        const ended = await Promise.all(
          claimed.map((job) => storeJobEnd(db.pool, { job, end: completed(`to ${job.id}`) })),
        );
        expect(ended).toEqual(following.map(({ jobId }) => ({ nextJobId: jobId, handoffDue: false })));
      }),
    );
    expect(statements).toEqual([1, 1, 1, 1, 1]);
    for (const { id } of claimed) expect((await readJob(db.pool, id))?.replyText).toBe(`to ${id}`);
  });

  it("of later messages waits for no row locked by others", async () => {
    const [held, ...others] = await startSome(4);
    if (!held) throw new Error("there is a first one");
    const [waited] = await queueBehindRow(db.pool, held.conversationId, [
      async () => {
        const late = appendMessage(db.pool, followingMessage(held.conversationId));
        const rows = others.map(({ conversationId }) => followingMessage(conversationId));
        const accepted = await Promise.all(rows.map((row) => appendMessage(db.pool, row)));
        expect(accepted).toEqual(
          others.map(() => ({ head: false, eventSeq: 4, handledBy: "ai", operator: null, handoffDue: false })),
        );
        return late;
      },
    ]);
    expect(waited).toEqual({
      status: "fulfilled",
      value: { head: false, eventSeq: 4, handledBy: "ai", operator: null, handoffDue: false },
    });
  });

  it("of ends waits for no row locked by others", async () => {
    const [held, ...others] = await claimSome(4);
    if (!held) throw new Error("there is a first one");
    const [waited] = await queueBehindRow(db.pool, held.conversationId, [
      async () => {
        const late = storeJobEnd(db.pool, { job: held, end: completed() });
        const ended = await Promise.all(others.map((job) => storeJobEnd(db.pool, { job, end: completed() })));
        expect(ended).toEqual(others.map(() => ({ nextJobId: null, handoffDue: false })));
        return late;
      },
    ]);
    expect(waited).toEqual({ status: "fulfilled", value: { nextJobId: null, handoffDue: false } });
  });

  it("of claims waits for no row locked by others", async () => {
    const [held, ...others] = await startSome(4);
    if (!held) throw new Error("there is a first one");
    const holder = await db.pool.connect();
    await holder.query("begin");
    await holder.query("select from jobs where id = $1 for update", [held.id]);
    const late = claimJob(db.pool, { jobId: held.id, reclaim: true, worker: "a worker" });
    const claimed = await Promise.all(
      others.map(({ id }) => claimJob(db.pool, { jobId: id, reclaim: true, worker: "a worker" })),
    );
    expect(claimed.map((job) => job?.id)).toEqual(others.map(({ id }) => id));
    await holder.query("commit");
    holder.release();
    expect((await late)?.id).toBe(held.id);
  });

  it("fails only for the item at fault", async () => {
    const known = newConversation();
    await insertConversation(db.pool, known);
    const good = [newConversation(), newConversation()];
    const bad = newConversation({ messageId: known.messageId });
    const results = await Promise.allSettled([...good, bad].map((row) => insertConversation(db.pool, row)));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    for (const { jobId } of good) expect((await readJob(db.pool, jobId))?.status).toBe("queued");
    expect(await readJob(db.pool, bad.jobId)).toBeUndefined();
  });

  it("takes idempotency keys in one order, so two processes never deadlock", async () => {
    await using other = openDatabaseAgain();
    const [low, high] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const rowOf = (idempotencyHash: Buffer) => newConversation({ idempotencyHash });
    await using holder = openDatabaseAgain({ connections: 1 });
    await holder.pool.query("begin");
    expect(await insertConversation(holder.pool, rowOf(low))).toBeDefined();
    const late = Promise.all([insertConversation(db.pool, rowOf(high)), insertConversation(db.pool, rowOf(low))]);
    await waitingForLocks(holder.pool, 1);
    expect(await insertConversation(other.pool, rowOf(high))).toBeDefined();
    await holder.pool.query("commit");
    expect(await late).toEqual([undefined, undefined]);
  });

  it("locks budgets in one order, so two processes never deadlock", async () => {
    await using other = openDatabaseAgain();
    await db.pool.query(
      `insert into budgets (assistant_type, day) select 'assistant ' || n, current_date - n from generate_series(1, 200) as n`,
    );
    const reserve = { usd: 1, budgetUsd: 100 };
    const jobs = await claimSome(2);
    const calls = jobs.map((job, at) => ({ ...newCall(job), assistantType: `assistant ${at ? "a" : "b"}`, reserve }));
    for (const call of calls) expect(await beginCall(db.pool, call)).toBe("begun");
    await db.pool.query("analyze budgets");
    await using holder = openDatabaseAgain({ connections: 1 });
    await holder.pool.query("begin");
    await holder.pool.query("select from budgets where assistant_type = 'assistant a' for update");
    const ends = jobs.map((job, at) =>
      storeJobEnd(db.pool, { job, end: { ...completed(), call: settled(calls[at]?.id ?? "") } }),
    );
    await waitingForLocks(holder.pool, 1);
    await other.pool.query("select from budgets where assistant_type = 'assistant b' for update nowait");
    await holder.pool.query("commit");
    expect(await Promise.all(ends)).toEqual(jobs.map(() => ({ nextJobId: null, handoffDue: false })));
    const { rows } = await db.pool.query(
      "select settled_usd, reserved_usd from budgets where assistant_type in ('assistant a', 'assistant b')",
    );
    expect(rows).toEqual([
      { settled_usd: 0.5, reserved_usd: 0 },
      { settled_usd: 0.5, reserved_usd: 0 },
    ]);
  });

  it("rejects only items whose attempt is over", async () => {
    const [zombie, ...others] = await claimSome(4);
    if (!zombie) throw new Error("there is a first one");
    const stale = { ...zombie, attempt: zombie.attempt - 1 };
    const ended = await Promise.all([stale, ...others].map((job) => storeJobEnd(db.pool, { job, end: completed() })));
    expect(ended).toEqual([undefined, ...others.map(() => ({ nextJobId: null, handoffDue: false }))]);
    expect(await readJob(db.pool, zombie.id)).toMatchObject({ status: "active", replyText: null });
    expect(await Promise.all([stale, ...others].map((job) => beginCall(db.pool, newCall(job))))).toEqual(
      Array.from({ length: 4 }, () => "lost"),
    );
  });
});
