import { describe, expect, inject, it } from "vitest";
import pg from "pg";
import { runAsAdmin } from "./postgres-admin.ts";
import { createTestDatabase } from "./postgres.ts";

describe("createTestDatabase()", () => {
  it("creates a migrated database that shares nothing with another", async () => {
    await using one = await createTestDatabase();
    await using other = await createTestDatabase();
    expect(await runAsAdmin(one.url, "select count(*)::int as count from conversations")).toEqual([{ count: 0 }]);
    await runAsAdmin(one.url, "create table only_here (id int)");
    await expect(runAsAdmin(other.url, "select * from only_here")).rejects.toThrow("does not exist");
  });

  it("creates many databases at once", async () => {
    const databases = await Promise.all(Array.from({ length: 12 }, () => createTestDatabase()));
    const names = await Promise.all(databases.map(({ url }) => runAsAdmin(url, "select current_database() as name")));
    expect(new Set(names.flat().map(({ name }) => name)).size).toBe(12);
    await Promise.all(databases.map((database) => database.drop()));
  });

  it("drops the database, even twice, while a client is still connected", async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    const cut = new Promise<Error>((resolve) => client.on("error", resolve));
    await client.connect();
    await database.drop();
    await database.drop();
    expect(await cut).toMatchObject({ code: "57P01" });
    const [row] = await runAsAdmin(
      inject("postgres").adminUrl,
      `select count(*)::int as count from pg_database where datname = ${pg.escapeLiteral(new URL(database.url).pathname.slice(1))}`,
    );
    expect(row).toEqual({ count: 0 });
  });
});
