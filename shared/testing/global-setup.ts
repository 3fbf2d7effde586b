import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import "../../scripts/require-node.cjs";
import { migrate } from "../db/schema/migrate.ts";
import { compileServices } from "./processes/compiled-services.ts";
import { chooseStores } from "./stores/containers/choose-stores.ts";
import { describeStores, useStores } from "./stores/containers/stores-in-use.ts";
import { dropDatabases, runAsAdmin, urlOfDatabase } from "./stores/postgres-admin.ts";
import { openPostgresServer } from "./stores/postgres-server.ts";
import { describeSkipped, refuseToSkip } from "./skipped.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgres: TestPostgres;
  }
}

/** PostgreSQL in which `createTestDatabase` creates its databases. */
export interface TestPostgres {
  /** URL of a role that may create databases. */
  adminUrl: string;
  /** Name of a migrated database to copy. */
  template: string;
  /** Prefix of the names of this run's databases. */
  prefix: string;
}

/**
 * Prepares a run: builds what browsers load, compiles the services, chooses the stores, opens a PostgreSQL (that of
 * `DATABASE_URL`, otherwise one that is removed after the run), and creates a migrated database in it, from which each
 * test copies its own.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const choice = await chooseStores({ env: process.env });
  useStores(choice);
  project.vitest.logger.log(describeStores(choice));
  if (process.env["CI"] === "true") refuseToSkip();
  await Promise.all(["widget", "console"].map(buildIfMissing));
  const removeServices = await compileServices();
  // Commands that tests run from their sources are compiled once for a run, too: half of their CPU.
  process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "node-compile-cache");
  const server = await openPostgresServer();
  const prefix = `parley_test_${randomBytes(4).toString("hex")}_`;
  const template = `${prefix}template`;
  const close = async () => {
    try {
      await dropDatabases(server.adminUrl, prefix);
    } finally {
      await server.close();
      await removeServices();
    }
  };
  try {
    await prepareTemplate(server.adminUrl, template);
  } catch (error) {
    await close();
    throw error;
  }
  project.provide("postgres", { adminUrl: server.adminUrl, template, prefix });
  return async () => {
    const skipped = describeSkipped(project);
    if (skipped !== undefined) project.vitest.logger.log(skipped);
    await close();
  };
}

async function prepareTemplate(adminUrl: string, template: string): Promise<void> {
  await runAsAdmin(adminUrl, `create database ${template}`);
  await migrate(urlOfDatabase(adminUrl, template));
  // Copying a database fails while a client is connected to it, so connections are refused.
  await runAsAdmin(adminUrl, `alter database ${template} allow_connections false`);
}

/** Builds a bundle that a fresh clone lacks. Otherwise each API process of the first tests would build it, all at once. */
async function buildIfMissing(bundle: string): Promise<void> {
  const folder = fileURLToPath(new URL(`../../services/${bundle}`, import.meta.url));
  if (existsSync(`${folder}/dist/${bundle}.js`)) return;
  await promisify(execFile)(process.execPath, [`${folder}/build.ts`]);
}
