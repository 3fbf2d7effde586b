import { ConfigError, readConfig } from "../config.ts";
import { migrate } from "./migrate.ts";

/** `npm run migrate`. */
try {
  const { applied } = await migrate(readConfig().DATABASE_URL);
  process.stdout.write(applied.length === 0 ? "The database is up to date.\n" : `Applied: ${applied.join(", ")}\n`);
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof ConfigError ? error.message : `Migrating failed: ${String(error)}`}\n`);
}
