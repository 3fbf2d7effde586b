import type { Pool, PoolClient } from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { markErased, storeTombstone, dropTombstones } from "../db/conversations/erasure.ts";
import { openDatabase } from "../db/database.ts";
import { cancelQueuedJob, storeJobEnd } from "../db/jobs/end.ts";
import { storeRetry } from "../db/jobs/retry.ts";
import { answer, claim, followUp, startConversation } from "../testing/fixtures/conversations.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { openTestDatabase, type OpenTestDatabase } from "../testing/stores/database.ts";
import { EventTail } from "./event-tail.ts";
import { numberEvents } from "./number.ts";
import type { LoggedEvent } from "./read.ts";
import { deleteOldEvents } from "./retention.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

interface EventRow {
  conversation_id: string;
  seq: number;
  pos: string | null;
  kind: string;
  message_id: string | null;
  job_id: string | null;
  status: string | null;
}

async function readEvents(pool: Pool, conversationId: string): Promise<EventRow[]> {
  const { rows } = await pool.query<EventRow>("select * from events where conversation_id = $1 order by seq", [
    conversationId,
  ]);
  return rows;
}

async function readSteps(pool: Pool, conversationId: string): Promise<(string | number | null)[][]> {
  return (await readEvents(pool, conversationId)).map((row) => [
    row.seq,
    row.kind,
    row.message_id,
    row.job_id,
    row.status,
  ]);
}

/** Runs statements on one connection, inside its transaction. */
function on(client: PoolClient): Pool {
  return Object.create(db.pool, { query: { value: client.query.bind(client) } }) as Pool;
}

async function numberAll(pool: Pool): Promise<void> {
  const pending = async () =>
    (await pool.query<{ left: number }>("select count(*)::int as left from events where pos is null")).rows[0]?.left;
  while ((await pending()) !== 0) await numberEvents(pool);
}

describe("events of a conversation", () => {
  it("stand for a message and its job, its reply and its end, and none for a claim", async () => {
    const first = await startConversation(db.pool);
    const job = await claim(db.pool, first.id);
    const reply = { id: crypto.randomUUID(), text: "yes", finishReason: "stop", fallback: false } as const;
    await storeJobEnd(db.pool, { job, end: { status: "completed", reply } });
    const next = await followUp(db.pool, first.conversationId);
    const without = await claim(db.pool, next.id);
    await storeJobEnd(db.pool, { job: without, end: { status: "failed", errorCode: "provider_unavailable" } });
    await storeRetry(db.pool, next.id);
    expect(await cancelQueuedJob(db.pool, next)).toEqual({ nextJobId: null, handoffDue: false });
    expect(await readSteps(db.pool, first.conversationId)).toEqual([
      [1, "message", first.messageId, first.id, null],
      [2, "job", null, first.id, "queued"],
      [3, "message", reply.id, first.id, null],
      [4, "job", null, first.id, "completed"],
      [5, "message", next.messageId, next.id, null],
      [6, "job", null, next.id, "queued"],
      [7, "job", null, next.id, "failed"],
      [8, "job", null, next.id, "queued"],
      [9, "job", null, next.id, "cancelled"],
    ]);
  });

  it("are replaced by its deletion, which ends the open jobs first, and go with its tombstone", async () => {
    const first = await startConversation(db.pool);
    const next = await followUp(db.pool, first.conversationId);
    await storeTombstone(db.pool, first.conversationId);
    const steps = await readSteps(db.pool, first.conversationId);
    expect(steps.map(([seq, kind]) => [seq, kind])).toEqual([
      [5, "job"],
      [6, "job"],
      [7, "deleted"],
    ]);
    expect(new Set(steps.map(([, , , job]) => job))).toEqual(new Set([first.id, next.id, null]));
    await markErased(db.pool, first.conversationId);
    await db.pool.query("update conversations set erased_at = now() - interval '40 d' where id = $1", [
      first.conversationId,
    ]);
    await dropTombstones(db.pool, 10);
    expect(await readEvents(db.pool, first.conversationId)).toEqual([]);
  });

  it("are not written by a change that is refused", async () => {
    const { id, conversationId, messageId } = await startConversation(db.pool);
    const job = await claim(db.pool, id);
    await answerTwice(job);
    await expect(followUp(db.pool, conversationId, { maxUnanswered: 0 })).rejects.toThrow("not accepted");
    expect(await cancelQueuedJob(db.pool, { id, conversationId })).toBeUndefined();
    const events = await readEvents(db.pool, conversationId);
    expect(events.map(({ kind }) => kind)).toEqual(["message", "job", "job"]);
    expect(events[0]?.message_id).toBe(messageId);
  });

  async function answerTwice(job: Awaited<ReturnType<typeof claim>>) {
    const end = { status: "cancelled", errorCode: "cancelled" } as const;
    expect(await storeJobEnd(db.pool, { job, end })).toBeDefined();
    expect(await storeJobEnd(db.pool, { job, end })).toBeUndefined();
  }

  it("are kept for seven days", async () => {
    const old = await startConversation(db.pool);
    const young = await startConversation(db.pool);
    await db.pool.query("update events set id = default, at = now() where conversation_id <> $1", [old.conversationId]);
    await db.pool.query("update events set at = now() - interval '7 d 1 min' where conversation_id = $1", [
      old.conversationId,
    ]);
    expect(await deleteOldEvents(db.pool, 1)).toBe(1);
    expect(await deleteOldEvents(db.pool, 1000)).toBe(1);
    expect(await readEvents(db.pool, old.conversationId)).toEqual([]);
    expect(await readEvents(db.pool, young.conversationId)).toHaveLength(2);
  });
});

describe("numbering the events", () => {
  it("passes by an open transaction, and gives its events their places once it commits", async () => {
    await numberAll(db.pool);
    const before = await startConversation(db.pool);
    const holder = await db.pool.connect();
    try {
      await holder.query("begin");
      await followUp(on(holder), before.conversationId);
      const other = await startConversation(db.pool);
      await numberAll(db.pool);
      expect((await readEvents(db.pool, other.conversationId)).every(({ pos }) => pos !== null)).toBe(true);
      const { pos } = await numberEvents(db.pool);
      await holder.query("commit");
      await numberAll(db.pool);
      const late = await readEvents(db.pool, before.conversationId);
      expect(late.slice(2).map((row) => Number(row.pos))).toEqual([pos + 1, pos + 2]);
    } finally {
      holder.release(true);
    }
  });

  it("does not wait for a process that holds the row, and goes on once that process is gone", async () => {
    const { conversationId } = await startConversation(db.pool);
    const holder = await db.pool.connect();
    holder.on("error", () => undefined);
    await holder.query("begin");
    await holder.query("select from event_tail for update");
    expect(await numberEvents(db.pool)).toMatchObject({ numbered: 0 });
    expect((await readEvents(db.pool, conversationId))[0]?.pos).toBeNull();
    const { rows } = await holder.query<{ pid: number }>("select pg_backend_pid() as pid");
    await db.pool.query("select pg_terminate_backend($1, 5000)", [rows[0]?.pid]);
    holder.release(true);
    await numberAll(db.pool);
    expect((await readEvents(db.pool, conversationId))[0]?.pos).not.toBeNull();
  });

  it("does not wait for a deletion under way, and numbers what it leaves after all", async () => {
    await numberAll(db.pool);
    const doomed = await startConversation(db.pool);
    const other = await startConversation(db.pool);
    const placesOf = async ({ conversationId }: { conversationId: string }) =>
      (await readEvents(db.pool, conversationId)).map(({ pos }) => pos);
    const holder = await db.pool.connect();
    try {
      await holder.query("begin");
      await holder.query("delete from events where conversation_id = $1", [doomed.conversationId]);
      await numberEvents(db.pool);
      expect(await placesOf(other)).not.toContain(null);
      await holder.query("rollback");
      await numberAll(db.pool);
      expect(await placesOf(doomed)).not.toContain(null);
    } finally {
      holder.release(true);
    }
  });

  it("keeps each conversation's order and loses nothing under concurrent writers and passes", async () => {
    const second = openDatabase(db.url, quietLog());
    const heard: LoggedEvent[][] = [[], []];
    const tails = [db.pool, second.pool].map((pool) => new EventTail({ pool, log: quietLog() }));
    const started = await Promise.all(Array.from({ length: 12 }, () => startConversation(db.pool)));
    try {
      for (const [index, tail] of tails.entries()) {
        for (const { conversationId } of started) tail.listen(conversationId, (event) => heard[index]?.push(event));
      }
      const written = new AbortController();
      const passes = [db.pool, second.pool, db.pool].map(async (pool) => {
        while (!written.signal.aborted) await numberEvents(pool);
      });
      await Promise.all(started.map((job, index) => converse(index % 2 ? db.pool : second.pool, job.conversationId)));
      written.abort();
      await Promise.all(passes);
      await numberAll(db.pool);
      for (const { conversationId } of started) {
        const rows = await readEvents(db.pool, conversationId);
        expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
        const places = rows.map(({ pos }) => Number(pos));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        for (const one of heard) {
          const passed = () => one.filter((event) => event.conversationId === conversationId).map(({ seq }) => seq);
          await expect.poll(() => passed().at(-1), { timeout: 20_000 }).toBe(rows.length);
          // It may have begun after the first events, and from there on misses none.
          expect(passed()).toEqual(rows.map(({ seq }) => seq).slice(-passed().length));
          expect(passed().length).toBeGreaterThanOrEqual(rows.length - 2);
        }
      }
      const { rows: twice } = await db.pool.query("select pos from events group by pos having count(*) > 1");
      expect(twice).toEqual([]);
    } finally {
      await Promise.all(tails.map((tail) => tail.close()));
      await second.close();
    }
  });

  /** Several writers at once: followers, and a transaction that stays open over its statement. */
  async function converse(pool: Pool, conversationId: string) {
    for (let round = 0; round < 6; round += 1) {
      const client = await pool.connect();
      await client.query("begin");
      const held = await followUp(on(client), conversationId, { maxUnanswered: 100 });
      const waiting = followUp(pool, conversationId, { maxUnanswered: 100 });
      await pool.query("select pg_sleep($1)", [0.002 * round]);
      await client.query("commit");
      client.release();
      await waiting;
      if (held.head) await answer(pool, held.id);
    }
  }
});
