import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError } from "../../config/config.ts";
import { createEmptyDatabase, setDefault } from "../../testing/stores/empty-database.ts";
import { createTestDatabase } from "../../testing/stores/postgres.ts";
import { quietLog, recordingLog } from "../../testing/fixtures/quiet-log.ts";
import { openTcpGate } from "../../testing/processes/tcp-gate.ts";
import { startEmbeddedPostgres } from "../../embedded-postgres/embedded-postgres.ts";
import { migrate } from "./migrate.ts";
import { openDatabase } from "../database.ts";
import { waitForDatabase } from "./readiness.ts";

async function openOn(url: string) {
  const db = openDatabase(url, quietLog());
  onTestFinished(() => db.close());
  return db;
}

describe("waiting for PostgreSQL", () => {
  it("ends once it answers, even if it starts later", async () => {
    await using database = await createTestDatabase();
    await using gate = await openTcpGate(database.url);
    await gate.shut();
    const db = await openOn(gate.url);
    let ready = false;
    const waiting = waitForDatabase(db, { limitMs: 10_000, log: quietLog() }).then(() => (ready = true));
    await expect(db.pool.query("select 1")).rejects.toThrow("ECONNREFUSED");
    expect(ready).toBe(false);
    await gate.reopen();
    await waiting;
  });

  it("fails with advice if it does not answer in time", async () => {
    const db = await openOn("postgres://u:p@127.0.0.1:1/none");
    await expect(waitForDatabase(db, { limitMs: 100, log: quietLog() })).rejects.toThrow(/DATABASE_URL/);
  });

  it.each([
    ["a database that is not there", (url: URL) => (url.pathname = "/none"), /database "none" does not exist.*create/],
    [
      "a password that is wrong",
      (url: URL) => (url.password = "wrong"),
      /password authentication failed.*correct user/,
    ],
    ["a role that is not there", (url: URL) => (url.username = "nobody"), /correct user, password/],
  ])("ends at once, with what to do, at %s, and shows no password", async (_, change, expected) => {
    await using database = await createTestDatabase();
    const url = new URL(database.url);
    change(url);
    const refused = await waitForDatabase(await openOn(url.href), { limitMs: 60_000, log: quietLog() }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(ConfigError);
    expect(String(refused)).toMatch(expected);
    expect(String(refused)).not.toContain(new URL(database.url).password);
  });

  it("logs the reason at once, once, and again when it changes", async () => {
    await using database = await createTestDatabase();
    await setDefault(database.url, "default_transaction_read_only", "on");
    await using gate = await openTcpGate(database.url);
    await gate.shut();
    const db = await openOn(gate.url);
    const { log, lines } = recordingLog();
    const warnings = () => lines.filter(({ level }) => level >= 40).map(({ msg }) => msg);
    const waiting = waitForDatabase(db, { limitMs: 30_000, log });
    await expect.poll(warnings).toEqual([expect.stringContaining("ECONNREFUSED")]);
    await gate.reopen();
    await expect.poll(warnings).toEqual([expect.anything(), expect.stringContaining("read-only")]);
    await setDefault(database.url, "default_transaction_read_only", "off");
    await waiting;
    expect(warnings()).toHaveLength(2);
  });

  it("fails with advice while the database stays read-only", async () => {
    await using database = await createTestDatabase();
    await setDefault(database.url, "default_transaction_read_only", "on");
    const db = await openOn(database.url);
    await expect(waitForDatabase(db, { limitMs: 300, log: quietLog() })).rejects.toThrow(
      /read-only.*default_transaction_read_only to off/,
    );
  });

  it("does not accept a hot standby as ready", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-standby-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const dataDir = join(folder, "data");
    const primary = await startEmbeddedPostgres({ dataDir, log: quietLog() });
    await primary.stop();
    await writeFile(join(dataDir, "standby.signal"), "");
    const standby = await startEmbeddedPostgres({ dataDir, log: quietLog() });
    onTestFinished(() => standby.stop());
    const db = await openOn(standby.url);
    await expect(waitForDatabase(db, { limitMs: 300, log: quietLog() })).rejects.toThrow(/standby.*primary/);
    await expect(migrate(standby.url)).rejects.toThrow(/standby.*primary/);
  });

  it("fails at once, naming them, if migrations are missing", async () => {
    const db = await openOn(await createEmptyDatabase());
    await expect(waitForDatabase(db, { limitMs: 10_000, log: quietLog() })).rejects.toThrow(/initial.*npm run migrate/);
  });
});
