import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { surviveLosses } from "../../postgres/open-pool.ts";
import { dropDatabase, runAsAdmin, urlOfDatabase } from "./postgres-admin.ts";

/** A migrated, empty database for one test. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /**
   * Drops it, even if clients are still connected. Databases that are not dropped are removed at the end of the run.
   */
  drop(): Promise<void>;
}

/** Creates a database in the PostgreSQL of this run (see `global-setup.ts`). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { adminUrl, template, prefix } = inject("postgres");
  const name = `${prefix}${randomBytes(4).toString("hex")}`;
  // Copied by files, since a write-ahead log of each page takes twice the time.
  await runAsAdmin(adminUrl, `create database ${name} template ${template} strategy file_copy`);
  const drop = () => dropDatabase(adminUrl, name);
  return { url: urlOfDatabase(adminUrl, name), drop, [Symbol.asyncDispose]: drop };
}

/**
 * Opens connections to a test's database. A pool's end does not wait for them: a database that is dropped right after
 * it ends them with an error, which would fail whichever test runs then.
 * @param max number of connections
 */
export function openTestPool(databaseUrl: string, max: number): pg.Pool {
  return surviveLosses(new pg.Pool({ connectionString: databaseUrl, max }), () => undefined);
}
