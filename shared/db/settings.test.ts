import { beforeAll, describe, expect, it } from "vitest";
import { openTestDatabase, type OpenTestDatabase } from "../testing/stores/database.ts";
import { readOrMakeSetting } from "./settings.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

describe("shared setting", () => {
  it("is created once by ten concurrent callers", async () => {
    let made = 0;
    const values = await Promise.all(
      Array.from({ length: 10 }, () => readOrMakeSetting(db.pool, "raced", () => `value ${(made += 1)}`)),
    );
    expect(new Set(values).size).toBe(1);
    expect(await readOrMakeSetting(db.pool, "raced", () => "too late")).toBe(values[0]);
  });

  it("is kept if it exists and is independent of others", async () => {
    await readOrMakeSetting(db.pool, "one", () => "1");
    expect(await readOrMakeSetting(db.pool, "one", () => "another")).toBe("1");
    expect(await readOrMakeSetting(db.pool, "two", () => "2")).toBe("2");
  });
});
