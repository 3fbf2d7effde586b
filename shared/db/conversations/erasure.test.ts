import { v4 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  claim,
  completed,
  followingMessage,
  followUp,
  openJobs,
  queueBehindRow,
  readColumns,
  startConversation,
  readConversationColumns,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { readMessages } from "./conversations.ts";
import { cancelQueuedJob, storeJobEnd } from "../jobs/end.ts";
import {
  storeTombstone,
  dropTombstones,
  markErased,
  readIdleConversations,
  readTombstones,
  type Leftovers,
} from "./erasure.ts";
import { appendMessage } from "../submit/submit.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

describe("deleting a conversation", () => {
  it("leaves no text, ends its open jobs, and names them for the other stores", async () => {
    const requestHash = Buffer.alloc(32, 1);
    const idempotencyHash = Buffer.from(v4());
    const first = await startConversation(db.pool, { metadata: { page: "/a" }, requestHash, idempotencyHash });
    const done = await followUp(db.pool, first.conversationId);
    const waiting = await followUp(db.pool, first.conversationId);
    await answer(db.pool, first.id);
    const active = await claim(db.pool, done.id);

    const leftovers = await storeTombstone(db.pool, first.conversationId);
    expect(leftovers?.conversationId).toBe(first.conversationId);
    expect(new Set(leftovers?.jobs)).toEqual(
      new Set([
        { id: active.id, attempt: 1 },
        { id: waiting.id, attempt: 0 },
      ]),
    );
    // Deleting leaves the hash of its key, which tells a repeat that the conversation was deleted.
    expect(await readColumns(db.pool, first.id)).toMatchObject({
      status: "completed",
      request_id: null,
      request_hash: null,
      idempotency_hash: idempotencyHash,
    });
    for (const { id } of [active, waiting]) {
      expect(await readColumns(db.pool, id)).toMatchObject({
        status: "cancelled",
        error_code: "deleted",
        lease_until: null,
        due_at: null,
      });
    }
    const { rows } = await db.pool.query(
      `select metadata, message_count, (select count(*)::int from messages where conversation_id = $1) as messages
       from conversations where id = $1`,
      [first.conversationId],
    );
    expect(rows).toEqual([{ metadata: {}, message_count: 0, messages: 0 }]);
  });

  it("happens once for concurrent requests", async () => {
    const { conversationId } = await startConversation(db.pool);
    const results = await Promise.all(Array.from({ length: 10 }, () => storeTombstone(db.pool, conversationId)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await storeTombstone(db.pool, conversationId)).toBeUndefined();
    expect(await storeTombstone(db.pool, v4())).toBeUndefined();
  });

  it("includes a message accepted while it waited", async () => {
    const first = await startConversation(db.pool);
    const row = followingMessage(first.conversationId);
    const [accepted, deleted] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => appendMessage(db.pool, row),
      () => storeTombstone(db.pool, first.conversationId),
    ]);
    expect(accepted).toMatchObject({ value: { head: false } });
    const { jobs } = (deleted?.status === "fulfilled" ? deleted.value : {}) as Partial<Leftovers>;
    expect(jobs).toContainEqual({ id: row.jobId, attempt: 0 });
    expect(await readMessages(db, first.conversationId, { limit: 10 })).toEqual({ messages: [], more: false });
  });

  it("rejects the message, the end and the cancel that waited for it", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    const claimed = await claim(db.pool, first.id);
    const [deleted, ...late] = await queueBehindRow<unknown>(db.pool, first.conversationId, [
      () => storeTombstone(db.pool, first.conversationId),
      () => appendMessage(db.pool, followingMessage(first.conversationId)),
      () => storeJobEnd(db.pool, { job: claimed, end: completed() }),
      () => cancelQueuedJob(db.pool, second),
    ]);
    expect(deleted).toMatchObject({ status: "fulfilled" });
    expect(late).toEqual(late.map(() => ({ status: "fulfilled", value: undefined })));
    expect(await readMessages(db, first.conversationId, { limit: 10 })).toEqual({ messages: [], more: false });
  });
});

it("a deletion leaves nothing of the people who answered", async () => {
  const { conversationId } = await startConversation(db.pool);
  const operatorId = v4();
  await db.pool.query(
    `update conversations
     set handled_by = 'operator', operator_id = $2, handoff_email = 'a@example.com', waiting_since = now(),
         handoff_due = 'asked', closed_at = now(), blocked_at = now()
     where id = $1`,
    [conversationId, operatorId],
  );
  await db.pool.query(
    "insert into stretches (conversation_id, no, handled_by, operator_id) values ($1, 1, 'operator', $2)",
    [conversationId, operatorId],
  );
  await db.pool.query("insert into notes (id, conversation_id, operator_id, text) values ($1, $2, $3, 'a note')", [
    v4(),
    conversationId,
    operatorId,
  ]);
  await storeTombstone(db.pool, conversationId);
  expect(await readConversationColumns(db.pool, conversationId)).toMatchObject({
    handled_by: "ai",
    operator_id: null,
    handoff_email: null,
    waiting_since: null,
    handoff_due: null,
    closed_at: null,
    blocked_at: null,
  });
  const { rows } = await db.pool.query(
    `select conversation_id from stretches where conversation_id = $1
     union all select conversation_id from notes where conversation_id = $1`,
    [conversationId],
  );
  expect(rows).toEqual([]);
});

describe("deleting expired conversations", () => {
  it("finds the oldest ones that were inactive for the given days and have no open job", async () => {
    await using own = await openTestDatabase();
    const [old, older, busy, young, gone] = await Promise.all(
      Array.from({ length: 5 }, () => startConversation(own.pool)),
    );
    if (!old || !older || !busy || !young || !gone) throw new Error("all five are there");
    for (const { id } of [old, older, young, gone]) await answer(own.pool, id);
    await grow(own, { [old.conversationId]: 31, [older.conversationId]: 40, [busy.conversationId]: 50 });
    await grow(own, { [young.conversationId]: 29, [gone.conversationId]: 60 });
    await storeTombstone(own.pool, gone.conversationId);
    expect(await readIdleConversations(own.pool, 30, 10)).toEqual([older.conversationId, old.conversationId]);
    expect(await readIdleConversations(own.pool, 30, 1)).toEqual([older.conversationId]);

    const idleDays = 30;
    for (const { conversationId } of [busy, young]) {
      expect(await storeTombstone(own.pool, conversationId, { idleDays })).toBeUndefined();
    }
    expect(await storeTombstone(own.pool, old.conversationId, { idleDays })).toMatchObject({ jobs: [] });
    expect(await readIdleConversations(own.pool, 30, 10)).toEqual([older.conversationId]);
  });

  it("skips a conversation that becomes active or is locked", async () => {
    const first = await startConversation(db.pool);
    await answer(db.pool, first.id);
    await grow(db, { [first.conversationId]: 100 });
    const holder = await db.pool.connect();
    await holder.query("begin");
    await holder.query("select from conversations where id = $1 for update", [first.conversationId]);
    expect(await storeTombstone(db.pool, first.conversationId, { idleDays: 30 })).toBeUndefined();
    await holder.query("rollback");
    holder.release();
    await followUp(db.pool, first.conversationId);
    expect(await storeTombstone(db.pool, first.conversationId, { idleDays: 30 })).toBeUndefined();
    expect((await readMessages(db, first.conversationId, { limit: 10 }))?.messages).toHaveLength(3);
  });

  it("happens once for concurrent workers", async () => {
    await using own = await openTestDatabase();
    const jobs = await Promise.all(Array.from({ length: 30 }, () => startConversation(own.pool)));
    for (const { id } of jobs) await answer(own.pool, id);
    await grow(own, Object.fromEntries(jobs.map(({ conversationId }) => [conversationId, 31])));
    const eraseAll = async () => {
      let erased = 0;
      for (const id of await readIdleConversations(own.pool, 30, 100)) {
        if (await storeTombstone(own.pool, id, { idleDays: 30 })) erased += 1;
      }
      return erased;
    };
    const counts = await Promise.all(Array.from({ length: 4 }, eraseAll));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(30);
  });

  it("reads no rows beyond its batch, however many there are", async () => {
    await using own = await openTestDatabase();
    await own.pool.query(`
      insert into conversations (id, assistant_type, next_turn, updated_at, deleted_at, erased_at)
      select gen_random_uuid(), 'default', 2, old, case when n % 2 = 0 then old end, case when n % 2 = 0 then old end
      from (select n, now() - n * interval '1 min' as old from generate_series(1, 20000) as n) as made`);
    await own.pool.query("analyze conversations");
    const { rows } = await own.pool.query<{ "QUERY PLAN": string }>(
      `explain select id from conversations
       where deleted_at is null and open_jobs = '{}' and updated_at < now() - make_interval(days => 30)
       order by updated_at limit 100`,
    );
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("using conversations_by_age");
  });
});

describe("tombstone of a deleted conversation", () => {
  it("is settled once every worker had time to notice", async () => {
    await using own = await openTestDatabase();
    const { id, conversationId } = await startConversation(own.pool);
    await claim(own.pool, id);
    await startConversation(own.pool);
    await storeTombstone(own.pool, conversationId);
    expect(await readTombstones(own.pool)).toEqual([]);
    await own.pool.query("update conversations set deleted_at = deleted_at - interval '3 s'");
    expect(await readTombstones(own.pool)).toEqual([{ conversationId, jobs: [{ id, attempt: 1 }] }]);
    await markErased(own.pool, conversationId);
    expect(await readTombstones(own.pool)).toEqual([]);
    expect(await openJobs(own.pool, conversationId)).toEqual([]);
  });

  it("is made of a deleted conversation only", async () => {
    const { id, conversationId } = await startConversation(db.pool);
    await markErased(db.pool, conversationId);
    expect(await readConversationColumns(db.pool, conversationId)).toMatchObject({ open_jobs: [id], erased_at: null });
  });

  it("names all its jobs of the last day, since the queue may hold their entries", async () => {
    await using own = await openTestDatabase();
    const first = await startConversation(own.pool);
    const [second, third] = [
      await followUp(own.pool, first.conversationId),
      await followUp(own.pool, first.conversationId),
    ];
    await answer(own.pool, first.id);
    await answer(own.pool, second.id);
    await own.pool.query("update jobs set finished_at = finished_at - interval '26 h' where id = $1", [first.id]);
    await storeTombstone(own.pool, first.conversationId);
    await own.pool.query("update conversations set deleted_at = deleted_at - interval '3 s'");
    expect((await readTombstones(own.pool))[0]?.jobs.map(({ id }) => id)).toEqual([second.id, third.id]);
  });

  it("is dropped with its jobs and runs once no token of its conversation is valid", async () => {
    await using own = await openTestDatabase();
    const [old, fresh, living] = [
      await startConversation(own.pool),
      await startConversation(own.pool),
      await startConversation(own.pool),
    ];
    for (const { id } of [old, fresh, living]) await answer(own.pool, id);
    for (const { conversationId } of [old, fresh]) {
      await storeTombstone(own.pool, conversationId);
      await markErased(own.pool, conversationId);
    }
    await own.pool.query("update conversations set erased_at = now() - interval '32 days' where id = $1", [
      old.conversationId,
    ]);
    expect(await dropTombstones(own.pool, 10)).toBe(1);
    expect(await dropTombstones(own.pool, 10)).toBe(0);
    const left = async (sql: string) => (await own.pool.query<{ id: string }>(sql)).rows.map(({ id }) => id);
    expect(new Set(await left("select id from conversations"))).toEqual(
      new Set([fresh.conversationId, living.conversationId]),
    );
    const jobs = new Set([fresh.id, living.id]);
    expect(new Set(await left("select id from jobs"))).toEqual(jobs);
    expect(new Set(await left("select job_id as id from runs"))).toEqual(jobs);
  });
});

describe("PostgreSQL's planner statistics", () => {
  it("contain no samples of what visitors wrote", async () => {
    await using own = await openTestDatabase();
    const canary = "a rare canary";
    for (let count = 0; count < 5; count += 1) {
      const job = await startConversation(own.pool, { text: canary, metadata: { page: canary }, requestId: canary });
      await answer(own.pool, job.id, canary);
      await own.pool.query(
        "insert into feedback (message_id, rating, comment, assistant_type) select id, 'up', $1, '' from messages where sender = 'ai' on conflict do nothing",
        [canary],
      );
      await own.pool.query("insert into drafts values ($1, 1, $2)", [job.id, Buffer.from(canary)]);
    }
    await own.pool.query("analyze");
    const hex = Buffer.from(canary).toString("hex");
    const { rows } = await own.pool.query(
      "select tablename, attname from pg_stats s where s::text like $1 or s::text like $2",
      [`%${canary}%`, `%${hex}%`],
    );
    expect(rows).toEqual([]);
    // It is not that nothing was noted.
    const { rows: noted } = await own.pool.query("select attname from pg_stats where tablename = 'messages'");
    expect(noted).toContainEqual({ attname: "sender" });
  });
});

/** Makes conversations as old as that, in days. */
async function grow({ pool }: OpenTestDatabase, days: Record<string, number>): Promise<void> {
  for (const [id, age] of Object.entries(days)) {
    await pool.query("update conversations set updated_at = now() - make_interval(days => $2) where id = $1", [
      id,
      age,
    ]);
  }
}
