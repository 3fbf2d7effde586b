import { randomUUID } from "node:crypto";
import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, openTestPool, type TestDatabase } from "../testing/stores/postgres.ts";
import { surviveLosses } from "../postgres/open-pool.ts";
import { openTcpGate } from "../testing/processes/tcp-gate.ts";
import { draftTtlSeconds } from "../tunables.ts";
import type { Live } from "./live.ts";
import { openOne, patiently, type LiveFixture } from "./live-fixture.testsuite.ts";
import { describeLive } from "./live.testsuite.ts";
import { createPostgresLive } from "./postgres-live.ts";

/** 7,999 bytes of a NOTIFY, less the job's id and `d1:0:`. */
const longestHintedDelta = 7999 - 36 - 5;

interface PostgresFixture extends LiveFixture {
  /** The way around all that happens to the processes' connections. */
  direct: pg.Pool;
}

/** One for all tests: each has jobs of its own. */
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  return () => database.drop();
});

describe("live channel on PostgreSQL", () => {
  describeLive({ start: startFixture, longestHintedDelta });

  it("rejects an earlier attempt once a later one has begun", async () => {
    const { live } = await openOne(patiently(startFixture));
    const jobId = randomUUID();
    await live.append({ jobId, attempt: 2, offset: 0, text: "second" });
    expect(await live.append({ jobId, attempt: 1, offset: 0, text: "first" })).toBe(false);
  });

  it("measures the text of a NOTIFY in bytes, not characters", async () => {
    const { live } = await openOne(patiently(startFixture));
    const jobId = randomUUID();
    expect(await live.append({ jobId, attempt: 1, offset: 0, text: "漢".repeat(longestHintedDelta) })).toBe(true);
  });

  it("drops drafts that were not written to for long, and no others", async () => {
    const { fixture, live } = await openOne(patiently(startFixture));
    const [stale, fresh] = [randomUUID(), randomUUID()];
    for (const jobId of [stale, fresh]) await live.append({ jobId, attempt: 1, offset: 0, text: "text" });
    await fixture.direct.query("update drafts set updated_at = now() - make_interval(secs => $1) where job_id = $2", [
      draftTtlSeconds + 1,
      stale,
    ]);
    expect(await live.dropStale()).toBe(1);
    expect(await live.dropStale()).toBe(0);
    expect(await live.readDraft(stale, 1, 0)).toBeUndefined();
    expect(await live.readDraft(fresh, 1, 0)).toBeDefined();
  });

  it("lets no draft wait for another that is locked", async () => {
    const { fixture, live } = await openOne(patiently(startFixture));
    const [locked, ...free] = Array.from({ length: 5 }, () => ({ jobId: randomUUID(), attempt: 1 }));
    const all = [...free, { jobId: locked?.jobId ?? "", attempt: 1 }];
    await Promise.all(all.map((draft) => live.append({ ...draft, offset: 0, text: "one" })));
    const holder = await fixture.direct.connect();
    await holder.query("begin");
    await holder.query("select from drafts where job_id = $1 for update", [locked?.jobId]);
    const appends = all.map((draft) => live.append({ ...draft, offset: 3, text: " two" }));
    const last = appends.pop();
    expect(await Promise.all(appends)).toEqual(free.map(() => true));
    expect((await live.readDraft(locked?.jobId ?? "", 1, 0))?.length).toBe(3);
    await holder.query("commit");
    holder.release();
    expect(await last).toBe(true);
    expect((await live.readDraft(locked?.jobId ?? "", 1, 0))?.length).toBe(7);
  });

  it("lets a text that the server refuses fail alone", async () => {
    const { live } = await openOne(patiently(startFixture));
    const drafts = Array.from({ length: 5 }, () => ({ jobId: randomUUID(), attempt: 1 }));
    await Promise.all(drafts.map((draft) => live.append({ ...draft, offset: 0, text: "one" })));
    // A notification takes no zero character.
    const texts = ["a", "b", "\0", "c", "d"];
    const appends = drafts.map((draft, place) => live.append({ ...draft, offset: 3, text: texts[place] ?? "" }));
    const outcomes = (await Promise.allSettled(appends)).map(({ status }) => status);
    expect(outcomes).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(await live.draftLengths(drafts)).toEqual([4, 4, 3, 4, 4]);
  });

  it("reports an outage once, not at every reconnect", async () => {
    const { fixture, live } = await openOne(startFixture);
    await fixture.goAway();
    await live.listen(randomUUID(), () => undefined);
    await live.listen(randomUUID(), () => undefined);
    expect(fixture.errors).toHaveLength(1);
  });
});

async function startFixture(options: { timeoutMs?: number } = {}): Promise<PostgresFixture> {
  const gate = await openTcpGate(database.url);
  const direct = openTestPool(database.url, 2);
  const opened: { live: Live; pool: pg.Pool }[] = [];
  const errors: Error[] = [];
  const ofListeners = "application_name = 'parley-live' and datname = current_database()";
  return {
    errors,
    direct,
    open: async () => {
      const pool = new pg.Pool({
        connectionString: gate.url,
        connectionTimeoutMillis: 1500,
        query_timeout: 3000,
        max: 10,
      });
      surviveLosses(pool, () => undefined);
      const live = await createPostgresLive({
        ...options,
        pool,
        connectionString: gate.url,
        onError: (e) => errors.push(e),
      });
      opened.push({ live, pool });
      return live;
    },
    cutListeners: async () => {
      await direct.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${ofListeners}`);
    },
    goAway: gate.shut,
    comeBack: gate.reopen,
    freeze: gate.freeze,
    thaw: gate.thaw,
    countConnections: async () => {
      const { rows } = await direct.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where ${ofListeners}`,
      );
      return rows[0]?.count ?? 0;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { live } of opened) await live.close();
      await gate.shut();
      for (const { pool } of opened) await pool.end();
      await direct.end();
    },
  };
}
