import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openTestDatabase } from "../testing/stores/database.ts";
import { createDatabaseClock } from "./clock.ts";

describe("the database's clock", () => {
  it("goes on by the monotonic clock, whatever the wall clock of the process does", async () => {
    await using db = await openTestDatabase();
    const clock = createDatabaseClock(db.pool);
    const first = await clock.read();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    const second = await clock.read();
    expect([first.of, second.of]).toEqual(["database", "database"]);
    expect(second.now - first.now).toBeLessThan(1_800_000);
    expect(second.now).toBeGreaterThanOrEqual(first.now);
  });

  it("is the process's own until the database was reached, and goes on when that is away", async () => {
    const db = await openTestDatabase();
    const reached = createDatabaseClock(db.pool);
    await reached.read();
    const never = createDatabaseClock(db.pool);
    await db[Symbol.asyncDispose]();
    expect(await reached.read()).toMatchObject({ of: "database" });
    expect(await never.read()).toMatchObject({ of: "process" });
  });
});
