import { randomBytes } from "node:crypto";
import { withEntityManager } from "../shared/db/schema/entity-manager.ts";
import { migrate } from "../shared/db/schema/migrate.ts";
import { dropDatabases, runAsAdmin, urlOfDatabase } from "../shared/testing/stores/postgres-admin.ts";
import { openPostgresServer } from "../shared/testing/stores/postgres-server.ts";

// Compares the entities with the schema that the migrations make. Prints the differences and exits with 1 if there are
// any.

const drift = await findDrift();
if (drift.length === 0) {
  console.log("The entities match the migrations.");
} else {
  console.error(
    `The entities and the migrations differ. These statements would make the database match the entities:\n\n${drift.join("\n")}`,
  );
  process.exitCode = 1;
}

async function findDrift(): Promise<string[]> {
  const server = await openPostgresServer();
  const prefix = `parley_drift_${randomBytes(4).toString("hex")}_`;
  try {
    const [migrated, created] = [`${prefix}migrated`, `${prefix}created`];
    for (const database of [migrated, created]) await runAsAdmin(server.adminUrl, `create database ${database}`);
    return await compare(urlOfDatabase(server.adminUrl, migrated), urlOfDatabase(server.adminUrl, created));
  } finally {
    await dropDatabases(server.adminUrl, prefix);
    await server.close();
  }
}

async function compare(migratedUrl: string, createdUrl: string): Promise<string[]> {
  await migrate(migratedUrl);
  const sql = await withEntityManager(migratedUrl, (_, orm) => orm.schema.getUpdateSchemaSQL({ wrap: false }));
  const differences = sql.split("\n").filter((line) => line.trim() !== "");
  // MikroORM compares only the name of an index given as SQL, so the definitions are read from PostgreSQL.
  await withEntityManager(createdUrl, (_, orm) => orm.schema.create());
  const [have, want] = [await indexesOf(migratedUrl), await indexesOf(createdUrl)];
  for (const [name, definition] of want) {
    const present = have.get(name);
    if (present !== undefined && present !== definition) differences.push(`-- is: ${present}`, `${definition};`);
  }
  return differences;
}

/** Index definitions by name. */
async function indexesOf(databaseUrl: string): Promise<Map<string, string>> {
  const rows = await runAsAdmin(databaseUrl, "select indexname, indexdef from pg_indexes where schemaname = 'public'");
  return new Map(rows.map(({ indexname, indexdef }) => [String(indexname), String(indexdef)]));
}
