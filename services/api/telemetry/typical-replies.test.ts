import type { Pool } from "pg";
import { expect, it, describe, onTestFinished, vi } from "vitest";
import { storeJobEnd } from "../../../shared/db/jobs/end.ts";
import { claim, completed, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestDatabase } from "../../../shared/testing/stores/database.ts";
import { TypicalReplies } from "./typical-replies.ts";

async function open() {
  const db = await openTestDatabase();
  onTestFinished(() => db[Symbol.asyncDispose]());
  return { pool: db.pool, read: () => new TypicalReplies({ pool: db.pool, log: quietLog() }).read() };
}

/** Answers one message of the assistant `default` in that time, so long ago. */
async function answer(pool: Pool, seconds: number, ago = "1 minute"): Promise<void> {
  const job = await startConversation(pool);
  await storeJobEnd(pool, { job: { ...job, ...(await claim(pool, job.id)) }, end: completed() });
  await pool.query(
    `update jobs set created_at = now() - $2::interval, finished_at = now() - $2::interval + make_interval(secs => $3)
     where id = $1`,
    [job.id, ago, seconds],
  );
}

describe("the usual time of a reply", () => {
  it("is the median of recent replies, and unknown while there are few", async () => {
    const { pool, read } = await open();
    for (const seconds of [4, 3.4, 90, 2]) await answer(pool, seconds);
    expect(await read()).toEqual(new Map());
    await answer(pool, 3);
    expect(await read()).toEqual(new Map([["default", 3]]));
  });

  it("leaves out what is a week old, and messages without a reply", async () => {
    const { pool, read } = await open();
    for (let reply = 0; reply < 4; reply++) await answer(pool, 5);
    for (let reply = 0; reply < 4; reply++) await answer(pool, 50, "8 days");
    await startConversation(pool);
    expect(await read()).toEqual(new Map());
  });

  it("is at least a second", async () => {
    const { pool, read } = await open();
    for (let reply = 0; reply < 5; reply++) await answer(pool, 0.02);
    expect(await read()).toEqual(new Map([["default", 1]]));
  });

  it("is read once for many requests, and stays while PostgreSQL is down", async () => {
    const { pool } = await open();
    for (let reply = 0; reply < 5; reply++) await answer(pool, 7);
    const query = vi.spyOn(pool, "query");
    const replies = new TypicalReplies({ pool, log: quietLog() });
    await Promise.all([replies.read(), replies.read()]);
    await replies.read();
    expect(query).toHaveBeenCalledOnce();
    const now = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => now + 3_600_000);
    onTestFinished(() => void vi.restoreAllMocks());
    query.mockRejectedValue(new Error("the database is away"));
    expect(await replies.read()).toEqual(new Map([["default", 7]]));
    expect(query).toHaveBeenCalledTimes(2);
  });
});
