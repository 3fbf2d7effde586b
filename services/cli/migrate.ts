import { ConfigError, readDatabaseConfig } from "../../shared/config/config.ts";
import { migrate } from "../../shared/db/schema/migrate.ts";
import { explainDatabase } from "../../shared/db/schema/readiness.ts";

/** Entry point of `npm run migrate`. */
try {
  const { DATABASE_URL, DATABASE_POOLER } = readDatabaseConfig();
  if (DATABASE_POOLER !== "none") {
    throw new ConfigError(
      "Migrations hold a lock on one connection, which a pooler does not support: run this with the DATABASE_URL of PostgreSQL itself, and without DATABASE_POOLER",
    );
  }
  const { applied } = await migrate(DATABASE_URL);
  process.stdout.write(applied.length === 0 ? "The database is up to date.\n" : `Applied: ${applied.join(", ")}\n`);
} catch (error) {
  process.exitCode = 1;
  const explained = error instanceof ConfigError ? error : explainDatabase(error);
  process.stderr.write(`${explained ? explained.message : `Migration failed: ${String(error)}`}\n`);
}
