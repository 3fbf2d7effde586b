import { randomBytes } from "node:crypto";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { dropDatabase, runAsAdmin, urlOfDatabase } from "../testing/postgres-admin.ts";
import { createTestDatabase } from "../testing/postgres.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { openTcpGate } from "../testing/tcp-gate.ts";
import { openDatabase } from "./database.ts";
import { waitForDatabase } from "./readiness.ts";

async function openOn(url: string) {
  const db = openDatabase(url, quietLog());
  onTestFinished(() => db.close());
  return db;
}

describe("waiting for PostgreSQL", () => {
  it("ends once it answers, also for a process that started before it", async () => {
    await using database = await createTestDatabase();
    await using gate = await openTcpGate(database.url);
    await gate.shut();
    const db = await openOn(gate.url);
    let ready = false;
    const waiting = waitForDatabase(db, 10_000).then(() => (ready = true));
    await expect(db.pool.query("select 1")).rejects.toThrow("ECONNREFUSED");
    expect(ready).toBe(false);
    await gate.reopen();
    await waiting;
  });

  it("ends with what to do when it does not answer in time", async () => {
    const db = await openOn("postgres://u:p@127.0.0.1:1/none");
    await expect(waitForDatabase(db, 100)).rejects.toThrow(/DATABASE_URL/);
  });

  it("ends at once, naming them, where migrations are missing", async () => {
    const { adminUrl, prefix } = inject("postgres");
    const name = `${prefix}${randomBytes(4).toString("hex")}`;
    await runAsAdmin(adminUrl, `create database ${name}`);
    onTestFinished(() => dropDatabase(adminUrl, name));
    const db = await openOn(urlOfDatabase(adminUrl, name));
    await expect(waitForDatabase(db, 10_000)).rejects.toThrow(/initial.*npm run migrate/);
  });
});
