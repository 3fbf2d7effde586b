import { describe, expect, it } from "vitest";
import { openDatabase } from "../../../shared/db/database.ts";
import { readJob } from "../../../shared/db/jobs/read-job.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores } from "../../../shared/testing/fixtures/job-context.ts";
import { openTcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { JobWatch } from "./watch-job.ts";

describe.each(jobStores)("waiting for a job's end, on $name", ({ available, openJobs }) => {
  it.runIf(available)("ends in time when the database hangs", async () => {
    await using jobs = await openJobs();
    await using gate = await openTcpGate(jobs.databaseUrl);
    const db = openDatabase(gate.url, jobs.log);
    try {
      const { id } = await startConversation(jobs.db.pool);
      const watch = new JobWatch({ pool: db.pool, live: jobs.live, log: jobs.log });
      const open = new AbortController();
      expect(await readJob(db.pool, id)).toMatchObject({ id, status: "queued" });
      gate.freeze();
      // The statement itself would reject: it has a time limit of its own, which is longer.
      expect(await watch.waitForEnd(id, 100, open.signal)).toBeUndefined();
    } finally {
      await gate.shut();
      await db.close();
    }
  });
});
