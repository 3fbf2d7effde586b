import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** Runs one test file as `npm test` does. */
function runTests(env: Record<string, string>) {
  const args = ["node_modules/vitest/vitest.mjs", "run", "--no-color", "shared/testing/skipped.test.ts"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env["PATH"], ...env },
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

it("refuses to run when containers are demanded and no engine answers, and says what to do", () => {
  const { status, output } = runTests({ TEST_STORES: "containers", DOCKER_HOST: "unix:///nowhere.sock" });
  expect(output).toContain("/nowhere.sock does not exist");
  expect(output).toContain("TEST_STORES=local");
  expect(status).not.toBe(0);
}, 60_000);

it("says in one line which stores the tests use", () => {
  const { status, output } = runTests({ TEST_STORES: "local" });
  expect(output).toMatch(/^Stores \(local\): embedded PostgreSQL, .+; TEST_STORES=local$/m);
  expect(status).toBe(0);
}, 60_000);
