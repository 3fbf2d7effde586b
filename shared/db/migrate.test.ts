import { randomBytes } from "node:crypto";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { startConversation } from "../testing/conversations.ts";
import { dropDatabase, runAsAdmin, urlOfDatabase } from "../testing/postgres-admin.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";

async function createEmptyDatabase(): Promise<string> {
  const { adminUrl, prefix } = inject("postgres");
  const name = `${prefix}${randomBytes(4).toString("hex")}`;
  await runAsAdmin(adminUrl, `create database ${name}`);
  onTestFinished(() => dropDatabase(adminUrl, name));
  return urlOfDatabase(adminUrl, name);
}

async function tables(url: string): Promise<string[]> {
  const rows = await runAsAdmin(
    url,
    `select schemaname || '.' || tablename as name from pg_tables
     where schemaname in ('public', 'bullmq') order by name`,
  );
  return rows.map(({ name }) => String(name));
}

describe("migrating", () => {
  it("makes our tables and the queue's, and does nothing the second time", async () => {
    const url = await createEmptyDatabase();
    const { applied } = await migrate(url);
    expect(applied).toContain("20261122000000-initial");
    const made = await tables(url);
    expect(made).toEqual(expect.arrayContaining(["public.conversations", "public.jobs", "public.messages"]));
    expect(made.some((name) => name.startsWith("bullmq."))).toBe(true);

    const db = openDatabase(url, quietLog());
    const { id } = await startConversation(db.pool);
    await db.close();
    expect(await migrate(url)).toEqual({ applied: [] });
    expect(await tables(url)).toEqual(made);
    expect(await runAsAdmin(url, "select id from jobs")).toEqual([{ id }]);
  });

  it("is done by one of four processes that begin at once", async () => {
    const url = await createEmptyDatabase();
    const results = await Promise.all(Array.from({ length: 4 }, () => migrate(url)));
    expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    expect(await tables(url)).toContain("public.jobs");
  });

  it("fails where there is no such database, and makes none", async () => {
    const { adminUrl, prefix } = inject("postgres");
    await expect(migrate(urlOfDatabase(adminUrl, `${prefix}missing`))).rejects.toThrow("does not exist");
    const rows = await runAsAdmin(adminUrl, `select from pg_database where datname = '${prefix}missing'`);
    expect(rows).toEqual([]);
  });
});
