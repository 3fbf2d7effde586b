import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openDatabase } from "../../shared/db/database.ts";
import { migrate } from "../../shared/db/schema/migrate.ts";
import { startEmbeddedPostgres } from "../../shared/embedded-postgres/embedded-postgres.ts";
import { startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { findFreePort } from "../../shared/testing/processes/free-port.ts";
import { openTestDatabase } from "../../shared/testing/stores/database.ts";
import { createTestDatabase } from "../../shared/testing/stores/postgres.ts";
import { quietLog } from "../../shared/testing/fixtures/quiet-log.ts";
import { runHere, spawnCommand } from "./command-for-tests.ts";
import { runJobs } from "./jobs.ts";

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

describe("without DATABASE_URL", { timeout: 60_000 }, () => {
  it("uses the database that npm start made in .data, running or not, and says where there is none", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-jobs-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const none = await run(["list"], folder);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("npm start has made none in")]);

    const server = await startEmbeddedPostgres({ dataDir: join(folder, ".data/postgres"), log: quietLog() });
    await migrate(server.url);
    const db = openDatabase(server.url, quietLog());
    const { id } = await startConversation(db.pool);
    await db.pool.query("update jobs set status = 'failed', error_code = 'deadline', finished_at = now()");
    await db.close();
    const running = await run(["list"], folder);
    expect(running.stdout).toMatch(new RegExp(`^${id}  failed .*accepted \\d.*ended \\d.*\\(deadline\\)\\n$`));
    await server.stop();

    const stopped = await run(["list", "--status", "failed", "--limit", "1"], folder);
    expect(stopped.stdout).toBe(running.stdout);
  });
});

it("lists, retries and shows jobs", { timeout: 60_000 }, async () => {
  await using db = await openTestDatabase();
  const { id } = await startConversation(db.pool);
  await db.pool.query("update jobs set status = 'failed', error_code = 'deadline', finished_at = now()");
  vi.stubEnv("DATABASE_URL", db.url);
  vi.stubEnv("REDIS_URL", undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const here = (...args: string[]) => runHere(runJobs, args);
  expect((await here("list", "--status", "failed", "--limit", "1")).stdout).toContain(id);
  expect((await here("list", "--status", "active")).stderr).toBe("No job is active.\n");
  expect((await here("retry", id)).stdout).toBe("Queued again.\n");
  expect((await here("show", id)).stdout).toMatch(/^queued/);
});

describe("wrong arguments", () => {
  it.each([
    [["print"], 'There is no command "print".'],
    [["list", "--limit", "0"], "limit"],
    [["list", "--status", "lost"], "status"],
    [["list", "--all"], "--all"],
    [["show", "7"], "show: expected the id of one job"],
    [[], "Usage:"],
  ])("%j are answered with the reason and the usage", async (args, reason) => {
    const { code, stdout, stderr } = await runHere(runJobs, args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(reason);
    expect(stderr).toContain("npm run jobs -- list");
  });

  it("end a process with the exit code of a wrong use", async () => {
    const { code, stdout, stderr } = await run(["print"], tmpdir());
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining("no command")]);
  });
});

function run(args: string[], cwd: string) {
  const { DATABASE_URL: _, REDIS_URL: __, ...env } = process.env;
  return spawnCommand(command, args, { cwd, env });
}
