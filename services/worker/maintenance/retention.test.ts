import { afterEach, describe, expect, it } from "vitest";
import { readMessages } from "../../../shared/db/conversations/conversations.ts";
import { storeTombstone, markErased } from "../../../shared/db/conversations/erasure.ts";
import { answer, startConversation, type TestJob } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { eraseExpired } from "./retention.ts";
import { reconcile } from "./reconcile.ts";
import { openWorker } from "../worker-fixture.testsuite.ts";

let jobs: TestJobContext;
afterEach(() => jobs[Symbol.asyncDispose]());

function worker(retentionDays: number | undefined) {
  const opened = openWorker(jobs);
  return { ...opened, config: { ...opened.config, RETENTION_DAYS: retentionDays } };
}

async function conversations(count: number, days: number): Promise<TestJob[]> {
  const made = await Promise.all(Array.from({ length: count }, () => startConversation(jobs.db.pool)));
  for (const { id, conversationId } of made) {
    await answer(jobs.db.pool, id);
    await jobs.db.pool.query("update conversations set updated_at = now() - make_interval(days => $2) where id = $1", [
      conversationId,
      days,
    ]);
  }
  return made;
}

async function left(): Promise<number> {
  const { rows } = await jobs.db.pool.query<{ count: number }>(
    "select count(*)::int as count from conversations where deleted_at is null",
  );
  return rows[0]?.count ?? 0;
}

describe.each(jobStores)("retention on $name", ({ available, openJobs }) => {
  it.runIf(available)("erases expired conversations as a deletion does, and nothing else", async () => {
    jobs = await openJobs();
    const [old] = await conversations(1, 31);
    const [young] = await conversations(1, 29);
    if (!old || !young) throw new Error("both are there");
    const { live, db } = jobs;
    await live.append({ jobId: old.id, attempt: 1, offset: 0, text: "left behind" });
    await eraseExpired(worker(30));
    expect((await readMessages(db, old.conversationId, { limit: 10 }))?.messages).toEqual([]);
    expect((await readMessages(db, young.conversationId, { limit: 10 }))?.messages).toHaveLength(2);
    await db.pool.query(
      "update conversations set deleted_at = deleted_at - interval '3 s' where deleted_at is not null",
    );
    await reconcile(worker(30));
    expect(await live.readDraft(old.id, 1, 0)).toBeUndefined();
  });

  it.runIf(available)("keeps everything where RETENTION_DAYS is not set", async () => {
    jobs = await openJobs();
    await conversations(3, 3000);
    await eraseExpired(worker(undefined));
    expect(await left()).toBe(3);
  });
});

describe("retention", () => {
  it("erases in small batches, by many workers at once", async () => {
    jobs = await jobStores[1].openJobs();
    await conversations(130, 31);
    await eraseExpired(worker(30));
    expect(await left()).toBe(30);
    await Promise.all(Array.from({ length: 4 }, () => eraseExpired(worker(30))));
    expect(await left()).toBe(0);
  });

  it("deletes expired tombstones", async () => {
    jobs = await jobStores[1].openJobs();
    const { pool } = jobs.db;
    const [old] = await conversations(1, 1);
    await storeTombstone(pool, old?.conversationId ?? "");
    await markErased(pool, old?.conversationId ?? "");
    await eraseExpired(worker(undefined));
    expect((await pool.query("select from conversations")).rowCount).toBe(1);
    await pool.query("update conversations set erased_at = now() - interval '32 days'");
    await eraseExpired(worker(undefined));
    expect((await pool.query("select from conversations")).rowCount).toBe(0);
  });

  it("continues past a conversation that cannot be erased", async () => {
    jobs = await jobStores[1].openJobs();
    const { pool } = jobs.db;
    const [stuck] = await conversations(1, 40);
    await conversations(2, 31);
    await pool.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$`);
    await pool.query(`
      create trigger refuse before update on conversations for each row
      when (old.id = '${stuck?.conversationId}' and new.deleted_at is not null) execute function refuse()`);
    const { log, lines } = recordingLog();
    await eraseExpired({ ...worker(30), log });
    expect(await left()).toBe(1);
    expect(lines.map(({ msg }) => msg)).toEqual([
      "an expired conversation could not be erased; retrying later",
      "expired conversations erased",
    ]);
  });
});
