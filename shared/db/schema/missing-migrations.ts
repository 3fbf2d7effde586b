import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Pool } from "pg";

/** Migrations of this version that a database lacks. One migrated by a newer version lacks none. */
export async function readMissingMigrations(db: Pick<Pool, "query">): Promise<string[]> {
  const { rows: tables } = await db.query<{ found: boolean }>("select to_regclass('migrations') is not null as found");
  const { rows } = tables[0]?.found ? await db.query<{ name: string }>("select name from migrations") : { rows: [] };
  const applied = new Set(rows.map(({ name }) => name));
  return (await listMigrations()).filter((name) => !applied.has(name));
}

/** Names of all migrations of this version, the oldest first. */
export async function listMigrations(): Promise<string[]> {
  const files = await readdir(fileURLToPath(new URL("../../../migrations", import.meta.url)));
  return files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .toSorted((a, b) => (a < b ? -1 : 1));
}
