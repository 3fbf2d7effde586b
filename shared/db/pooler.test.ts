import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { setDefault } from "../testing/stores/empty-database.ts";
import { pgbouncerAvailable, startPgBouncer } from "../testing/stores/pgbouncer.ts";
import { runAsAdmin } from "../testing/stores/postgres-admin.ts";
import { createTestDatabase } from "../testing/stores/postgres.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { type Database, openDatabase, query } from "./database.ts";
import { isPooledByTransaction } from "./pooler.ts";
import { waitForDatabase } from "./schema/readiness.ts";

async function openThrough(
  mode: "session" | "transaction" | undefined,
  pooler: "none" | "transaction" = "none",
): Promise<Database> {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const bouncer = mode && (await startPgBouncer(database.url, mode));
  if (bouncer) onTestFinished(() => bouncer[Symbol.asyncDispose]());
  // A pooler opens its own connections one after the other: in session mode each of ours waits for that.
  const db = openDatabase(bouncer?.url ?? database.url, quietLog(), { pooler, connections: 6 });
  onTestFinished(() => db.close());
  return db;
}

describe("without a pooler", () => {
  it("none is detected", async () => {
    const { pool } = await openThrough(undefined);
    expect(await isPooledByTransaction(pool)).toBe(false);
  });
});

describe.skipIf(!pgbouncerAvailable)("behind a PgBouncer", () => {
  it("in session mode everything works", async () => {
    const db = await openThrough("session");
    expect(await isPooledByTransaction(db.pool)).toBe(false);
    await waitForDatabase(db, { limitMs: 10_000, log: quietLog() });
    await useStatements(db);
  });

  it("in transaction mode it is detected, and a start without the setting says what to set", async () => {
    const db = await openThrough("transaction");
    expect(await isPooledByTransaction(db.pool)).toBe(true);
    await expect(waitForDatabase(db, { limitMs: 10_000, log: quietLog() })).rejects.toThrow(
      "set DATABASE_POOLER=transaction",
    );
  });

  it("in transaction mode all statements work with the setting", async () => {
    const db = await openThrough("transaction", "transaction");
    await waitForDatabase(db, { limitMs: 10_000, log: quietLog() });
    await useStatements(db);
  });

  it("in transaction mode an unchangeable default isolation fails the start, with the command to fix it", async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    await setDefault(database.url, "default_transaction_isolation", "serializable");
    const bouncer = await startPgBouncer(database.url, "transaction");
    onTestFinished(() => bouncer[Symbol.asyncDispose]());
    const db = openDatabase(bouncer.url, quietLog(), { pooler: "transaction" });
    onTestFinished(() => db.close());
    const refusal = await waitForDatabase(db, { limitMs: 10_000, log: quietLog() }).catch(
      (error: Error) => error.message,
    );
    const [, command = ""] = /: (alter role .* = 'read committed')/.exec(String(refusal)) ?? [];
    await runAsAdmin(database.url, command);
    const mended = await startPgBouncer(database.url, "transaction");
    onTestFinished(() => mended[Symbol.asyncDispose]());
    const again = openDatabase(mended.url, quietLog(), { pooler: "transaction" });
    onTestFinished(() => again.close());
    await waitForDatabase(again, { limitMs: 10_000, log: quietLog() });
  });

  it("unsupported options in the URL fail the start at once with advice", async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const bouncer = await startPgBouncer(database.url, "session");
    onTestFinished(() => bouncer[Symbol.asyncDispose]());
    const db = openDatabase(`${bouncer.url}?options=-c%20search_path%3Dpublic`, quietLog());
    onTestFinished(() => db.close());
    await expect(waitForDatabase(db, { limitMs: 10_000, log: quietLog() })).rejects.toThrow(
      "A pooler refuses `options` in DATABASE_URL",
    );
  });

  it("in transaction mode prepared statements would fail", async () => {
    await expect(useStatements(await openThrough("transaction"))).rejects.toThrow("prepared statement");
  });
});

/** Many at once, so that all connections are in use, and each statement meets several of them. */
async function useStatements({ pool }: Database): Promise<void> {
  const write = { name: "test-write", text: "insert into settings values ($1, $2)" };
  const read = { name: "test-read", text: "select value from settings where key = $1" };
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const key = randomUUID();
        await query(pool, write, [key, "kept"]);
        expect(await query(pool, read, [key])).toEqual([{ value: "kept" }]);
      }),
    );
  }
}
