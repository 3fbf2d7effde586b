import { describe, expect, inject, it, onTestFinished } from "vitest";
import { ConfigError } from "../../config/config.ts";
import { startConversation } from "../../testing/fixtures/conversations.ts";
import { createEmptyDatabase, setDefault } from "../../testing/stores/empty-database.ts";
import { dropDatabase, runAsAdmin, urlOfDatabase } from "../../testing/stores/postgres-admin.ts";
import { quietLog } from "../../testing/fixtures/quiet-log.ts";
import { openDatabase } from "../database.ts";
import { migrate } from "./migrate.ts";

async function tables(url: string): Promise<string[]> {
  const rows = await runAsAdmin(
    url,
    `select schemaname || '.' || tablename as name from pg_tables
     where schemaname in ('public', 'bullmq') order by name`,
  );
  return rows.map(({ name }) => String(name));
}

describe("migrating", () => {
  it("creates our tables and the queue's, and changes nothing the second time", async () => {
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

  it("is done by one of four concurrent processes", async () => {
    const url = await createEmptyDatabase();
    const results = await Promise.all(Array.from({ length: 4 }, () => migrate(url)));
    expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    expect(await tables(url)).toContain("public.jobs");
  });

  it.each(["LATIN1", "SQL_ASCII", "WIN1252", "EUC_JP"])(
    "refuses a database in %s and changes nothing there; the command it names makes a right one",
    async (encoding) => {
      const url = await createEmptyDatabase(`encoding '${encoding}' locale 'C' template template0`);
      const refusal = await migrate(url).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal).toBeInstanceOf(ConfigError);
      const { message } = refusal as ConfigError;
      expect(message).toContain(`the encoding of the database is ${encoding}, expected UTF8`);
      expect(await tables(url)).toEqual([]);

      const command = message.slice(message.indexOf("create database"));
      await runAsAdmin(url, command);
      const right = urlOfDatabase(url, `${new URL(url).pathname.slice(1)}_utf8`);
      onTestFinished(() => dropDatabase(url, new URL(right).pathname.slice(1)));
      expect((await migrate(right)).applied.length).toBeGreaterThan(0);
    },
  );

  it("rejects a read-only database and says how to fix it", async () => {
    const url = await createEmptyDatabase();
    await setDefault(url, "default_transaction_read_only", "on");
    await expect(migrate(url)).rejects.toThrow(/read-only.*default_transaction_read_only to off/);
  });

  it("works with any default isolation", async () => {
    const url = await createEmptyDatabase();
    await setDefault(url, "default_transaction_isolation", "serializable");
    const results = await Promise.all(Array.from({ length: 4 }, () => migrate(url)));
    expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  });

  it("fails if the database does not exist, and creates none", async () => {
    const { adminUrl, prefix } = inject("postgres");
    await expect(migrate(urlOfDatabase(adminUrl, `${prefix}missing`))).rejects.toThrow("does not exist");
    const rows = await runAsAdmin(adminUrl, `select from pg_database where datname = '${prefix}missing'`);
    expect(rows).toEqual([]);
  });
});
