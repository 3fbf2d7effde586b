import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import pg from "pg";
import { ConfigError } from "../../config/config.ts";
import { connectionOptions } from "../../postgres/connection-options.ts";
import { encodingAdvice, readDatabaseState, readOnlyAdvice } from "./database-state.ts";
import { listMigrations } from "./missing-migrations.ts";

/** Advisory lock: one process migrates at a time; the others wait, then find nothing to do. The number is arbitrary. */
const migrationLock = 7_275_391;
/** Key of the setting that names a database's schema. */
const schemaKey = "schema";

/**
 * Migrates a database to the schema of this version: ours and the queue's. Safe to run from many processes at once.
 * @returns the names of the migrations that were applied; empty when there was nothing to do
 * @throws {ConfigError} where this database cannot hold them; the message says what to do
 */
export async function migrate(databaseUrl: string): Promise<{ applied: string[] }> {
  const client = new pg.Client({ ...connectionOptions(databaseUrl), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await refuseUnfit(client);
    const wanted = await describeSchema();
    if ((await readSchema(client)) === wanted) return { applied: [] };
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
    const applied = await applyAll(client, databaseUrl);
    await client.query("insert into settings values ($1, $2) on conflict (key) do update set value = excluded.value", [
      schemaKey,
      wanted,
    ]);
    return { applied };
  } finally {
    await client.end();
  }
}

async function refuseUnfit(client: pg.Client): Promise<void> {
  const state = await readDatabaseState(client);
  const advice = encodingAdvice(state) ?? readOnlyAdvice(state);
  if (advice) throw new ConfigError(`Not migrated: ${advice.text}. To mend it, ${advice.mend}`);
}

/** True if a database has the schema of this version, ours and the queue's. */
export async function isMigrated(client: pg.Client): Promise<boolean> {
  return (await readSchema(client)) === (await describeSchema());
}

/**
 * Loads MikroORM and BullMQ only when there is something to do: loading them takes longer than most starts have to
 * wait.
 */
async function applyAll(client: pg.Client, databaseUrl: string): Promise<string[]> {
  const [{ MikroORM }, { runMigrations }, { ormOptions }] = await Promise.all([
    import("@mikro-orm/postgresql"),
    import("bullmq"),
    import("./orm.ts"),
  ]);
  await runMigrations(client, "bullmq");
  const orm = await MikroORM.init(ormOptions(databaseUrl));
  try {
    const applied = await orm.migrator.up();
    return applied.map(({ name }) => name);
  } finally {
    await orm.close();
  }
}

/** Names this version's schema: our newest migration, and the version of BullMQ, which has its own. */
async function describeSchema(): Promise<string> {
  const newest = (await listMigrations()).at(-1) ?? "none";
  const bullmq = createRequire(import.meta.url).resolve("bullmq/package.json");
  const { version } = JSON.parse(await readFile(bullmq, "utf8")) as { version: string };
  return `${newest} bullmq@${version}`;
}

async function readSchema(client: pg.Client): Promise<string | undefined> {
  const { rows: tables } = await client.query<{ found: boolean }>(
    "select to_regclass('settings') is not null as found",
  );
  if (!tables[0]?.found) return undefined;
  const { rows } = await client.query<{ value: string }>("select value from settings where key = $1", [schemaKey]);
  return rows[0]?.value;
}
