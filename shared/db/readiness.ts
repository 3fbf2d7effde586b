import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../config.ts";
import { type Database, isDatabaseAway } from "./database.ts";
import { readMissingMigrations } from "./migrate.ts";
import { isPooledByTransaction } from "./pooler.ts";

const everyMs = 250;

const poolerFound =
  "DATABASE_URL leads to a pooler in transaction mode: set DATABASE_POOLER=transaction, and a REDIS_URL, or connect to PostgreSQL itself";

/**
 * Waits for PostgreSQL and for a schema that is as new as this code: what is made of BullMQ while it is away would stay
 * dead for ever.
 * @throws after `limitMs`, or at once when migrations are missing; the message says what to do
 */
export async function waitForDatabase({ pool, pooler }: Database, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      await pool.query("select 1");
      if (pooler === "none" && (await isPooledByTransaction(pool))) throw new ConfigError(poolerFound);
      const missing = await readMissingMigrations(pool);
      if (missing.length === 0) return;
      throw new Error(`The database lacks migrations (${missing.join(", ")}): run "npm run migrate" first`);
    } catch (error) {
      // It may also go away between the two.
      if (!isDatabaseAway(error)) throw error;
      if (performance.now() > deadline) {
        throw new Error("PostgreSQL does not answer: see whether it runs and DATABASE_URL is right", { cause: error });
      }
      await sleep(everyMs);
    }
  }
}
