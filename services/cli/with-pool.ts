import type { Pool } from "pg";
import { openDatabase } from "../../shared/db/database.ts";
import { waitForDatabase } from "../../shared/db/schema/readiness.ts";
import { createLogger } from "../../shared/logger.ts";
import type { Command } from "./run-command.ts";

const patienceMs = 5000;

/** Makes a command of work on the installation's database. @param service name in the log lines */
export function withPool(service: string, work: (pool: Pool) => Promise<number>): Command {
  return async ({ DATABASE_URL }) => {
    const log = await createLogger({ service, level: "warn", pretty: true, to: "stderr" });
    const db = openDatabase(DATABASE_URL, log);
    try {
      await waitForDatabase(db, { limitMs: patienceMs, log });
      return await work(db.pool);
    } finally {
      await db.close();
    }
  };
}
