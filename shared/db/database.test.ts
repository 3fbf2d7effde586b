import { once } from "node:events";
import pg from "pg";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startConversation } from "../testing/fixtures/conversations.ts";
import { openTestDatabase } from "../testing/stores/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/stores/postgres.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { surviveLosses } from "../postgres/open-pool.ts";
import { openTcpGate } from "../testing/processes/tcp-gate.ts";
import { readConversation, readMessages } from "./conversations/conversations.ts";
import { inTransaction, openDatabase, query } from "./database.ts";
import { isDatabaseAway } from "../postgres/database-away.ts";

const someId = "00000000-0000-4000-8000-000000000000";

let shared: TestDatabase;

beforeAll(async () => {
  shared = await createTestDatabase();
  return () => shared.drop();
});

async function failure(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(Error);
  return outcome;
}

async function openPool(options: pg.PoolConfig): Promise<pg.Pool> {
  const pool = new pg.Pool(options);
  surviveLosses(pool, () => undefined);
  onTestFinished(() => pool.end());
  return pool;
}

async function openOn(url: string) {
  const db = openDatabase(url, quietLog());
  onTestFinished(() => db.close());
  return db;
}

describe("an outage of PostgreSQL is recognised", () => {
  it.each(["postgres://u:p@127.0.0.1:1/none", "postgres://u:p@nowhere.invalid/none"])(
    "when nobody answers at %s, whichever way it is asked",
    async (url) => {
      const db = await openOn(url);
      const errors = await Promise.all([
        failure(db.pool.query("select 1")),
        failure(inTransaction(db.pool, (client) => client.query("select 1"))),
        failure(readConversation(db.pool, someId)),
        failure(readMessages(db, someId, { limit: 1 })),
      ]);
      expect(errors.map(isDatabaseAway)).toEqual([true, true, true, true]);
    },
  );

  it("when connections break during a statement, and the next one works", async () => {
    await using gate = await openTcpGate(shared.url);
    const db = await openOn(gate.url);
    const { rows } = await db.pool.query<{ pid: number }>("select pg_backend_pid() as pid");
    expect(rows).toHaveLength(1);
    const [sleeping, transaction] = [
      failure(db.pool.query("select pg_sleep(60)")),
      failure(inTransaction(db.pool, (client) => client.query("select pg_sleep(60)"))),
    ];
    await expect.poll(() => countStatements(shared.url, "select pg_sleep(60)")).toBe(2);
    await gate.shut();
    expect(isDatabaseAway(await sleeping)).toBe(true);
    expect(isDatabaseAway(await transaction)).toBe(true);
    await gate.reopen();
    expect((await db.pool.query("select 1")).rowCount).toBe(1);
  });

  it("when the process is ending, for a request that outlived its drain", async () => {
    const db = openDatabase(shared.url, quietLog());
    await db.close();
    expect(isDatabaseAway(await failure(db.pool.query("select 1")))).toBe(true);
    expect(isDatabaseAway(await failure(inTransaction(db.pool, (client) => client.query("select 1"))))).toBe(true);
  });

  it("when the server ends busy or idle connections, and the next statement works", async () => {
    await using db = await openTestDatabase();
    await startConversation(db.pool);
    const sleeping = failure(db.pool.query("select pg_sleep(60)"));
    await expect.poll(() => countStatements(db.url, "select pg_sleep(60)")).toBe(1);
    const operator = await openPool({ connectionString: shared.url });
    await operator.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
      new URL(db.url).pathname.slice(1),
    ]);
    const error = await sleeping;
    expect(error).toMatchObject({ code: "57P01" });
    expect(isDatabaseAway(error)).toBe(true);
    // Idle connections may be detected by then; no other caller is affected either way.
    await expect.poll(() => startConversation(db.pool).then(() => true, isDatabaseAway)).toBe(true);
  });

  it("when a statement times out, at the server or here", async () => {
    const impatientServer = await openPool({ connectionString: shared.url, statement_timeout: 20 });
    const cancelled = await failure(impatientServer.query("select pg_sleep(60)"));
    expect(cancelled).toMatchObject({ code: "57014" });
    const impatientClient = await openPool({ connectionString: shared.url, query_timeout: 20 });
    const givenUp = await failure(impatientClient.query("select pg_sleep(1)"));
    expect([cancelled, givenUp].map(isDatabaseAway)).toEqual([true, true]);
  });

  it("when no connection is free, and when none is answered", async () => {
    const small = await openPool({ connectionString: shared.url, max: 1 });
    const client = await small.connect();
    small.options.connectionTimeoutMillis = 50;
    expect(isDatabaseAway(await failure(small.query("select 1")))).toBe(true);
    client.release();

    await using gate = await openTcpGate(shared.url);
    gate.freeze();
    const frozen = await openPool({ connectionString: gate.url, connectionTimeoutMillis: 50 });
    expect(isDatabaseAway(await failure(frozen.query("select 1")))).toBe(true);
  });

  it("when the server became read-only", async () => {
    const replaced = await openPool({
      connectionString: shared.url,
      options: "-c default_transaction_read_only=on",
    });
    const error = await failure(startConversation(replaced));
    expect(error).toMatchObject({ code: "25006" });
    expect(isDatabaseAway(error)).toBe(true);
  });

  it("when it does not answer at all: every call gives up within seconds", { timeout: 20_000 }, async () => {
    await using gate = await openTcpGate(shared.url);
    const db = await openOn(gate.url);
    await db.pool.query("select 1");
    gate.freeze();
    const began = performance.now();
    const errors = await Promise.all([
      // Gets the only connection and cannot roll back: that connection must not be reused.
      failure(inTransaction(db.pool, (client) => client.query("select 1"))),
      failure(db.pool.query("select 1")),
      failure(readConversation(db.pool, someId)),
    ]);
    expect(performance.now() - began).toBeLessThan(8000);
    expect(errors.map(isDatabaseAway)).toEqual([true, true, true]);
    expect(db.pool.totalCount).toBe(0);
  });

  it("and distinguished from faults that would only repeat", async () => {
    const db = await openOn(shared.url);
    const { conversationId } = await startConversation(db.pool);
    const faults = [
      await failure(db.pool.query("selec 1")),
      await failure(db.pool.query("select * from nothing_here")),
      await failure(db.pool.query("select $1::uuid", ["no uuid"])),
      await failure(db.pool.query("select 1 / 0")),
      await failure(
        db.pool.query("insert into conversations (id, assistant_type, next_turn) values ($1, 'a', 1)", [
          conversationId,
        ]),
      ),
      await failure(readConversation(db.pool, "no uuid")),
      await failure(Promise.resolve().then(() => Buffer.alloc(-1))),
      new Error("a fault of ours"),
    ];
    expect(faults.map(isDatabaseAway)).toEqual(faults.map(() => false));
    expect(isDatabaseAway("timeout")).toBe(false);
    expect(isDatabaseAway(undefined)).toBe(false);
  });
});

describe("a named statement", () => {
  const statement = { name: "one", text: "select $1::int as one" };
  const prepared = "select name from pg_prepared_statements where name = 'one'";

  it.each([
    ["transaction", []],
    ["none", [{ name: "one" }]],
  ] as const)("leaves on a connection with the pooler %s the names %j", async (pooler, names) => {
    const db = openDatabase(shared.url, quietLog(), { connections: 1, pooler });
    onTestFinished(() => db.close());
    expect(await query(db.pool, statement, [7])).toEqual([{ one: 7 }]);
    expect(await db.pool.query(prepared)).toMatchObject({ rows: names });
    await inTransaction(db.pool, async (client) => {
      expect(await query(client, statement, [8])).toEqual([{ one: 8 }]);
      expect(await client.query(prepared)).toMatchObject({ rows: names });
    });
  });
});

describe("transaction", () => {
  it("commits and returns the result of its work", async () => {
    const db = await openOn(shared.url);
    const given = await inTransaction(db.pool, async (client) => {
      await client.query("insert into settings values ('committed', '1')");
      return 7;
    });
    expect(given).toBe(7);
    expect((await db.pool.query("select from settings where key = 'committed'")).rowCount).toBe(1);
  });

  it("rolls back if its work fails, and its connection is reusable", async () => {
    const db = await openOn(shared.url);
    for (const fail of [
      () => Promise.reject(new Error("no more")),
      (client: pg.PoolClient) => client.query("select 1 / 0"),
    ]) {
      await failure(
        inTransaction(db.pool, async (client) => {
          await client.query("insert into settings values ('taken-back', '1')");
          await fail(client);
        }),
      );
    }
    expect((await db.pool.query("select from settings where key = 'taken-back'")).rowCount).toBe(0);
    expect(db.pool).toMatchObject({ totalCount: 1, idleCount: 1 });
  });

  it("discards a broken connection", async () => {
    await using gate = await openTcpGate(shared.url);
    const db = await openOn(gate.url);
    await failure(
      inTransaction(db.pool, async (client) => {
        const ended = once(client, "error");
        await gate.shut();
        await ended;
        await client.query("select 1");
      }),
    );
    expect(db.pool.totalCount).toBe(0);
  });
});

async function countStatements(url: string, text: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and query = $1 and state = 'active'`,
      [text],
    );
    return rows[0]?.count ?? 0;
  } finally {
    await client.end();
  }
}
