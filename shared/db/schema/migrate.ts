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
export const schemaKey = "schema";

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
    return { applied: await applyAll(client, databaseUrl, wanted) };
  } finally {
    await client.end();
  }
}

async function refuseUnfit(client: pg.Client): Promise<void> {
  const state = await readDatabaseState(client);
  const advice = encodingAdvice(state) ?? readOnlyAdvice(state);
  if (advice) throw new ConfigError(`Not migrated: ${advice.text}. To mend it, ${advice.mend}`);
}

/**
 * Loads MikroORM and BullMQ only when there is something to do: loading them takes longer than most starts have to
 * wait.
 */
async function applyAll(client: pg.Client, databaseUrl: string, schema: string): Promise<string[]> {
  const [{ withEntityManager }, { SettingEntity }, { runMigrations }] = await Promise.all([
    import("./entity-manager.ts"),
    import("./entities/bookkeeping-entities.ts"),
    import("bullmq"),
  ]);
  await runMigrations(client, "bullmq");
  return withEntityManager(databaseUrl, async (em, { migrator }) => {
    const applied = await migrator.up();
    await em.upsert(SettingEntity, { key: schemaKey, value: schema });
    return applied.map(({ name }) => name);
  });
}

/** Names this version's schema: our newest migration, and the version of BullMQ, which has its own. */
export async function describeSchema(): Promise<string> {
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
