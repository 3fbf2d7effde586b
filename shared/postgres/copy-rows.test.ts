import { beforeAll, describe, expect, it } from "vitest";
import { openTestDatabase, type OpenTestDatabase } from "../testing/stores/database.ts";
import { copyRows } from "./copy-rows.ts";
import { openPool } from "./open-pool.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

describe("copyRows()", () => {
  it("reads numbers, texts and bytes of any size, and no rows", async () => {
    const rows = await copyRows(
      db.pool,
      `select -n::int8, repeat('ü', n), decode(repeat('00ff', n * n * 40), 'hex') from generate_series(0, 60) as n`,
      (row) => ({ number: row.bigint(0), text: row.text(1), bytes: row.bytes(2) }),
    );
    expect(rows).toHaveLength(61);
    for (const [n, { number, text, bytes }] of rows.entries()) {
      expect([number, text]).toEqual([`${-n}`, "ü".repeat(n)]);
      expect(bytes.equals(Buffer.alloc(n * n * 80, "00ff", "hex"))).toBe(true);
    }
    expect(await copyRows(db.pool, "select 1 where false", (row) => row.bigint(0))).toEqual([]);
  });

  it("rejects with the server's error, for a null, and after the connection is gone; the pool goes on", async () => {
    const copy = (select: string) => copyRows(db.pool, select, (row) => row.bigint(0));
    await expect(copy("select 1::int8 / 0")).rejects.toThrow("division by zero");
    await expect(copy("select 1::int8 / (3 - n) from generate_series(1, 9) as n")).rejects.toThrow("division by zero");
    await expect(copy("select null::int8")).rejects.toThrow("column 0 is null");
    await expect(copy("select 1::int8 where pg_terminate_backend(pg_backend_pid())")).rejects.toThrow();
    expect(await copy("select 7::int8")).toEqual(["7"]);
  });

  it("gives a connection up that does not answer in time", async () => {
    await using stack = new AsyncDisposableStack();
    const pool = openPool(db.url, { ownSessions: true, max: 1, query_timeout: 200, onLost: () => undefined });
    stack.defer(() => pool.end());
    const copy = (select: string) => copyRows(pool, select, (row) => row.text(0));
    await expect(copy("select pg_sleep(5)::text")).rejects.toThrow("timeout");
    expect(await copy("select 'next'")).toEqual(["next"]);
  });
});
