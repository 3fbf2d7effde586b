import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  answer,
  claim,
  followUp,
  loseLease,
  queueBehindRow,
  readColumns,
  startConversation,
} from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { releaseJob } from "./claim.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { cancelQueuedJob } from "./end.ts";
import { markDue, readOrphans, takeDueJobs } from "./reconcile.ts";

let db: OpenTestDatabase;

beforeEach(async () => {
  const own = await openTestDatabase();
  db = own;
  onTestFinished(() => own[Symbol.asyncDispose]());
});

describe("due jobs", () => {
  it("are those not confirmed as delivered for one lease, once each", async () => {
    const { id } = await startConversation(db.pool);
    expect(await takeDueJobs(db.pool)).toEqual([]);
    const { rows } = await db.pool.query("select due_at - created_at = interval '15 s' as later from jobs");
    expect(rows).toEqual([{ later: true }]);
    await db.pool.query("update jobs set due_at = now() - interval '1 ms'");
    expect(await takeDueJobs(db.pool)).toEqual([id]);
    expect(await takeDueJobs(db.pool)).toEqual([]);
  });

  it("include at once those the queue refused", async () => {
    const { id } = await startConversation(db.pool);
    await startConversation(db.pool);
    await markDue(db.pool, [id]);
    expect(await takeDueJobs(db.pool)).toEqual([id]);
  });

  it("are heads only", async () => {
    const first = await startConversation(db.pool);
    const second = await followUp(db.pool, first.conversationId);
    await markDue(db.pool, [first.id, second.id]);
    expect(await takeDueJobs(db.pool)).toEqual([first.id]);
    await answer(db.pool, first.id);
    await markDue(db.pool, [second.id]);
    expect(await takeDueJobs(db.pool)).toEqual([second.id]);
  });

  it("exclude claimed, ended and deleted jobs", async () => {
    const jobs = [];
    for (let count = 0; count < 4; count += 1) jobs.push(await startConversation(db.pool));
    const [active, ended, cancelled, deleted] = jobs;
    if (!active || !ended || !cancelled || !deleted) throw new Error("all four are there");
    await claim(db.pool, active.id);
    await answer(db.pool, ended.id);
    await cancelQueuedJob(db.pool, cancelled);
    await storeTombstone(db.pool, deleted.conversationId);
    await db.pool.query("update jobs set due_at = now() - interval '1 min'");
    await markDue(
      db.pool,
      jobs.map(({ id }) => id),
    );
    expect(await takeDueJobs(db.pool)).toEqual([]);
  });

  it("are taken by one of many concurrent readers, at most a thousand", async () => {
    await db.pool.query(`
      insert into conversations (id, assistant_type, next_turn, open_jobs)
      select gen_random_uuid(), 'default', 2, array[gen_random_uuid()] from generate_series(1, 1500)`);
    await db.pool.query(`
      insert into jobs (id, conversation_id, message_id, turn, assistant_type, due_at)
      select open_jobs[1], id, gen_random_uuid(), 1, 'default', now() - random() * interval '1 min' from conversations`);
    const { rows } = await db.pool.query<{ id: string }>("select id from jobs order by due_at limit 1000");
    const oldest = new Set(rows.map(({ id }) => id));
    expect(new Set(await takeDueJobs(db.pool))).toEqual(oldest);
    await db.pool.query("update jobs set due_at = now() - interval '1 ms'");
    const taken = await Promise.all(Array.from({ length: 6 }, () => takeDueJobs(db.pool)));
    expect(Math.max(...taken.map(({ length }) => length))).toBeLessThanOrEqual(1000);
    // Reconcilers that skip rows being taken may miss the last ones: they are there in the next round.
    const all = [...taken.flat(), ...(await takeDueJobs(db.pool))];
    expect(all).toHaveLength(1500);
    expect(new Set(all).size).toBe(1500);
  });

  it("skip a locked conversation", async () => {
    const { id, conversationId } = await startConversation(db.pool);
    await markDue(db.pool, [id]);
    let taken: string[] = [];
    await queueBehindRow(db.pool, conversationId, [], async () => {
      taken = await takeDueJobs(db.pool);
    });
    expect(taken).toEqual([id]);
  });
});

describe("orphans", () => {
  it("are active jobs that were released or whose lease expired", async () => {
    const [held, silent, givenBack, queued] = await Promise.all(
      Array.from({ length: 4 }, () => startConversation(db.pool)),
    );
    if (!held || !silent || !givenBack || !queued) throw new Error("all four are there");
    for (const { id } of [held, silent]) await claim(db.pool, id);
    await loseLease(db.pool, silent.id);
    const { attempt } = await claim(db.pool, givenBack.id);
    await releaseJob(db.pool, givenBack.id, attempt);
    expect(await readOrphans(db.pool)).toEqual([givenBack.id, silent.id]);
    expect(await readColumns(db.pool, queued.id)).toMatchObject({ status: "queued" });
  });
});
