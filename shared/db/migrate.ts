import { MikroORM } from "@mikro-orm/postgresql";
import { runMigrations as migrateQueue } from "bullmq";
import pg from "pg";
import { ormOptions } from "./orm.ts";

/** One process migrates at a time; the others wait, then find nothing to do. An arbitrary number of our own. */
const migrationLock = 7_275_391;

/**
 * Brings a database to the schema of this version: ours and the queue's. Safe to run from many processes at once.
 * @returns the names of the migrations that were applied; empty when there was nothing to do
 */
export async function migrate(databaseUrl: string): Promise<{ applied: string[] }> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
    await migrateQueue(client, "bullmq");
    const orm = await MikroORM.init(ormOptions(databaseUrl));
    try {
      const applied = await orm.migrator.up();
      return { applied: applied.map(({ name }) => name) };
    } finally {
      await orm.close();
    }
  } finally {
    await client.end();
  }
}
