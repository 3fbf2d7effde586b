import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openTestDatabase } from "../testing/stores/database.ts";
import { createDatabaseClock } from "./clock.ts";

describe("database clock", () => {
  it("advances with the monotonic clock, whatever the wall clock does", async () => {
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

  it("is the process clock until the database was reached, and continues during an outage", async () => {
    const db = await openTestDatabase();
    const reached = createDatabaseClock(db.pool);
    await reached.read();
    const never = createDatabaseClock(db.pool);
    await db[Symbol.asyncDispose]();
    expect(await reached.read()).toMatchObject({ of: "database" });
    expect(await never.read()).toMatchObject({ of: "process" });
  });
});
