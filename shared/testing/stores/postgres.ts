import { randomBytes } from "node:crypto";
import { inject } from "vitest";
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
