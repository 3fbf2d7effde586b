import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { readKey } from "../../shared/db/desk/operator-keys.ts";
import { listOperators } from "../../shared/db/desk/operators.ts";
import { hashOfKey } from "../../shared/operator-key.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../shared/testing/stores/database.ts";
import { runHere, spawnCommand } from "./command-for-tests.ts";
import { runKeys } from "./keys.ts";

const command = fileURLToPath(new URL("keys.ts", import.meta.url));

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  vi.stubEnv("DATABASE_URL", db.url);
  return async () => {
    vi.unstubAllEnvs();
    await db[Symbol.asyncDispose]();
  };
});

describe("keys of operators", { timeout: 60_000 }, () => {
  it("are printed once, kept as a hash, listed and revoked", async () => {
    expect((await run(["list"])).stderr).toBe("There are no keys.\n");
    const added = await spawn(["add", "Mia Lang", "--role", "reader", "--days", "3"]);
    expect(added.code).toBe(0);
    expect(added.stderr).toMatch(/of Mia Lang, with the role reader, until \d{4}-/);
    const key = added.stdout.trim();
    expect(key).toMatch(/^psk_[\w-]{43}$/);
    const { rows } = await db.pool.query<{ all: string }>("select operator_keys::text as all from operator_keys");
    expect(JSON.stringify(rows)).not.toContain(key.slice(4));
    expect(await read(key)).toMatchObject({ name: "Mia Lang", role: "reader", state: "valid" });

    const listed = await run(["list"]);
    expect(listed.stdout).toMatch(/^[\da-f-]{36} {2}Mia Lang {2}reader {4}made \d{4}-\d\d-\d\d {2}until \d{4}/);
    expect(listed.stdout).not.toContain(key.slice(4));
    const id = listed.stdout.slice(0, 36);
    expect((await run(["revoke", id])).stdout).toBe("Revoked.\n");
    expect((await run(["revoke", id])).stdout).toBe("Revoked.\n");
    expect(await read(key)).toMatchObject({ state: "revoked" });
    expect((await run(["list"])).stdout).toContain("revoked ");
    expect(await run(["revoke", crypto.randomUUID()])).toMatchObject({ code: 1, stderr: "No key has this id.\n" });
  });

  it("are refused with the exit code of a wrong use by a process, too", async () => {
    const { code, stderr } = await spawn(["print"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("no command")]);
  });

  it("are of one operator by name, whose role is that of the highest key", async () => {
    for (const role of ["operator", "admin", "reader"])
      expect((await run(["add", "Ben", "--role", role])).code).toBe(0);
    expect((await listOperators(db.pool, defaultSite)).filter(({ name }) => name === "Ben")).toMatchObject([
      { role: "admin" },
    ]);
  });

  it.each([
    [["add"], "name"],
    [["add", "Support"], "built-in"],
    [["add", "Mia", "Lang"], "quotes"],
    [["add", "Mia", "--role", "owner"], "role"],
    [["add", "Mia", "--days", "0"], "days"],
    [["revoke", "7"], "revoke: expected the id of one key"],
    [["print"], 'There is no command "print".'],
  ])("with the arguments %j are refused with the reason and the usage", async (args, reason) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(reason);
    expect(stderr).toContain("npm run keys -- list");
  });
});

const read = (key: string) => readKey(db.pool, hashOfKey(key) ?? Buffer.alloc(0), defaultSite);

const run = (args: string[]) => runHere(runKeys, args);

const spawn = (args: string[]) =>
  spawnCommand(command, args, { cwd: tmpdir(), env: { ...process.env, DATABASE_URL: db.url } });
