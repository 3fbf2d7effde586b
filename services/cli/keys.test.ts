import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { readKey } from "../../shared/db/desk/operator-keys.ts";
import { listOperators } from "../../shared/db/desk/operators.ts";
import { hashOfKey } from "../../shared/operator-key.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../shared/testing/stores/database.ts";

const command = fileURLToPath(new URL("keys.ts", import.meta.url));

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

describe("keys of operators", { timeout: 60_000 }, () => {
  it("are printed once, kept as a hash, listed and revoked", async () => {
    expect((await run(["list"])).stderr).toBe("There are no keys.\n");
    const added = await run(["add", "Mia Lang", "--role", "reader", "--days", "3"]);
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

async function run(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, DATABASE_URL: db.url };
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [command, ...args], { cwd: tmpdir(), env })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}
