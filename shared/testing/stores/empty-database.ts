import { randomBytes } from "node:crypto";
import { inject, onTestFinished } from "vitest";
import { dropDatabase, runAsAdmin, urlOfDatabase } from "./postgres-admin.ts";

/**
 * Creates an empty database, without any migration, that is dropped when the test has ended.
 * @param options of `create database`, for example its encoding
 */
export async function createEmptyDatabase(options = ""): Promise<string> {
  const { adminUrl, prefix } = inject("postgres");
  const name = `${prefix}${randomBytes(4).toString("hex")}`;
  await runAsAdmin(adminUrl, `create database ${name} ${options}`);
  onTestFinished(() => dropDatabase(adminUrl, name));
  return urlOfDatabase(adminUrl, name);
}

/** Changes a default of the database for its next sessions. */
export async function setDefault(url: string, setting: string, value: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  // A session of this database may already be read-only, so another one is used.
  await runAsAdmin(inject("postgres").adminUrl, `alter database ${name} set ${setting} = '${value}'`);
}

/** Ends all sessions of a database: new ones start with its new defaults. */
export async function endSessions(url: string): Promise<void> {
  await runAsAdmin(
    url,
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
}
