import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../../shared/db/database.ts";
import { storeJobEnd } from "../../../shared/db/jobs/end.ts";
import { claim, completed, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { Backlog } from "./backlog.ts";

let db: OpenTestDatabase;

beforeEach(async () => {
  const own = await openTestDatabase();
  db = own;
  onTestFinished(() => own[Symbol.asyncDispose]());
});

describe("backlog", () => {
  it("is full at the configured number of unanswered messages", async () => {
    const [first] = [await startConversation(db.pool), await startConversation(db.pool)];
    expect(await new Backlog(db.pool, 3).isFull()).toBe(false);
    expect(await new Backlog(db.pool, 2).isFull()).toBe(true);
    const claimed = await claim(db.pool, first.id);
    expect(await new Backlog(db.pool, 2).isFull()).toBe(true);
    await storeJobEnd(db.pool, { job: claimed, end: completed() });
    expect(await new Backlog(db.pool, 2).isFull()).toBe(false);
  });

  it("is counted once a second for all callers", async () => {
    let statements = 0;
    db.pool.on("acquire", () => (statements += 1));
    const backlog = new Backlog(db.pool, 1);
    const answers = await Promise.all(Array.from({ length: 100 }, () => backlog.isFull()));
    expect(new Set(answers)).toEqual(new Set([false]));
    expect(statements).toBe(1);
    await startConversation(db.pool);
    expect(await backlog.isFull()).toBe(false);
    await expect.poll(() => backlog.isFull(), { interval: 50, timeout: 3000 }).toBe(true);
  });

  it("is counted again at once after a failed count", async () => {
    await using gate = await openTcpGate(db.url);
    const through = openDatabase(gate.url, quietLog());
    onTestFinished(() => through.close());
    const backlog = new Backlog(through.pool, 1);
    await gate.shut();
    await expect(backlog.isFull()).rejects.toThrow("ECONNREFUSED");
    await gate.reopen();
    expect(await backlog.isFull()).toBe(false);
  });
});
