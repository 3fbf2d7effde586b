import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../shared/db/database.ts";
import { startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { findFreePort } from "../../shared/testing/processes/free-port.ts";
import { createTestDatabase } from "../../shared/testing/stores/postgres.ts";
import { quietLog } from "../../shared/testing/fixtures/quiet-log.ts";

const command = fileURLToPath(new URL("jobs.ts", import.meta.url));

it("prints its result to standard output and logs to standard error", { timeout: 60_000 }, async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const db = openDatabase(database.url, quietLog());
  const { id } = await startConversation(db.pool);
  await db.pool.query("update jobs set status = 'failed', error_code = 'deadline' where id = $1", [id]);
  await db.close();

  // With Redis away the job is queued again in PostgreSQL, and the log says that the queue was not told.
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    REDIS_URL: `redis://127.0.0.1:${await findFreePort()}`,
  };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [command, "retry", id], { env });
  expect(stdout).toBe("Queued again.\n");
  expect(stderr).toContain("jobs: ");
});
