import type { MikroORM } from "@mikro-orm/postgresql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer, startConversation, type TestJob } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { pgbouncerAvailable, startPgBouncer } from "../../testing/stores/pgbouncer.ts";
import { RunEntity } from "./entities/bookkeeping-entities.ts";
import { JobEntity } from "./entities/job-entities.ts";
import { withEntityManager } from "./entity-manager.ts";
import { isMigrated } from "./is-migrated.ts";

describe("withEntityManager", () => {
  let db: OpenTestDatabase;
  let job: TestJob;
  beforeAll(async () => {
    db = await openTestDatabase();
    job = await startConversation(db.pool);
    await answer(db.pool, job.id);
  });
  afterAll(() => db[Symbol.asyncDispose]());

  const expected = {
    job: expect.objectContaining({ status: "completed", turn: 1, createdAt: expect.any(Date) as Date }) as object,
    runs: [expect.objectContaining({ run: 1, worker: "a worker", outcome: "completed" }) as object],
  };

  it("reads the rows that raw statements wrote", async () => {
    expect(await readBoth(db.url, job.id)).toEqual(expected);
  });

  it.skipIf(!pgbouncerAvailable)("reads them through a PgBouncer in transaction mode", async () => {
    await using bouncer = await startPgBouncer(db.url, "transaction");
    expect(await Promise.all([readBoth(bouncer.url, job.id), readBoth(bouncer.url, job.id)])).toEqual([
      expected,
      expected,
    ]);
    expect(await isMigrated(bouncer.url)).toBe(true);
  });

  it("closes its connections when the work fails", async () => {
    const used: MikroORM[] = [];
    const failing = withEntityManager(db.url, async (em, orm) => {
      used.push(orm);
      await em.findOne(JobEntity, { id: job.id });
      throw new Error("no luck");
    });
    await expect(failing).rejects.toThrow("no luck");
    expect(await used[0]?.isConnected()).toBe(false);
  });
});

async function readBoth(databaseUrl: string, id: string): Promise<{ job: object | null; runs: object[] }> {
  return withEntityManager(databaseUrl, async (em) => ({
    job: await em.findOne(JobEntity, { id }),
    runs: await em.find(RunEntity, { jobId: id }, { orderBy: { run: "asc" } }),
  }));
}
