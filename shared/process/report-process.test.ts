import { v4 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import { readProcessReports, storeProcessReport } from "../db/operators/process-reports.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { openTestDatabase, type OpenTestDatabase } from "../testing/stores/database.ts";
import { processVersion } from "./process-version.ts";
import { reportProcess } from "./report-process.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const running = async () => (await readProcessReports(db.pool)).map(({ name, version }) => `${name} ${version}`);

describe("processes that run", () => {
  it("are listed from their start to their end, those of older versions first", async () => {
    const stopApi = await reportProcess(db.pool, "api", quietLog());
    const stopWorker = await reportProcess(db.pool, "worker", quietLog());
    const older = { name: "worker", place: "another-host:7", version: processVersion - 1 };
    await storeProcessReport(db.pool, v4(), older);
    expect((await readProcessReports(db.pool))[0]).toEqual(older);
    expect(await running()).toEqual([`worker ${older.version}`, `api ${processVersion}`, `worker ${processVersion}`]);
    await Promise.all([stopApi(), stopWorker()]);
    expect(await running()).toEqual([`worker ${older.version}`]);
  });

  it("are forgotten when they stay silent, and are there again if they were only frozen", async () => {
    const [frozen, dead, living] = [v4(), v4(), v4()];
    const report = (id: string) => storeProcessReport(db.pool, id, { name: "api", place: id, version: processVersion });
    for (const id of [frozen, dead, living]) await report(id);
    const age = (seconds: number, ids: string[]) =>
      db.pool.query(
        "update process_reports set reported_at = now() - make_interval(secs => $1) where process_id = any($2)",
        [seconds, ids],
      );
    const places = async () => (await readProcessReports(db.pool)).map(({ place }) => place);
    await age(31, [frozen, dead]);
    expect(await places()).not.toContain(frozen);
    await age(61, [dead]);
    for (const id of [living, frozen]) await report(id);
    expect(await places()).toEqual(expect.arrayContaining([living, frozen]));
    const { rows } = await db.pool.query("select from process_reports where process_id = $1", [dead]);
    expect(rows).toHaveLength(0);
  });
});
