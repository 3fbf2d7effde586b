import { access } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "../logger.ts";
import { findBinaries } from "./binaries.ts";
import { findRunning } from "./data-dir.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";

/** Database of an installation, as a command found it. */
export interface InstallationDatabase {
  /** `none`: `npm start` has not created the embedded one yet. `started`: it was not running, and runs until `close`. */
  state: "configured" | "running" | "started" | "none";
  /** Absent if there is none. */
  url?: string;
  /** Folder of the embedded one. */
  dataDir: string;
  close: () => Promise<void>;
}

/**
 * Finds the database of this installation: that of `DATABASE_URL`, else the embedded one of `npm start`. If that is not
 * running, it is started until `close`.
 * @param folder of all data of `npm start`
 * @throws if it cannot be started
 */
export async function openInstallationDatabase(
  databaseUrl: string | undefined,
  folder: string,
): Promise<InstallationDatabase> {
  const dataDir = join(folder, "postgres");
  const other = { dataDir, close: stayOpen };
  if (databaseUrl !== undefined) return { ...other, state: "configured", url: databaseUrl };
  await findBinaries();
  if (!(await exists(join(dataDir, "PG_VERSION")))) return { ...other, state: "none" };
  const log = await createLogger({ service: "postgres", level: "silent", pretty: false });
  try {
    const { url, stop } = await startEmbeddedPostgres({ dataDir, log });
    return { state: "started", url, dataDir, close: stop };
  } catch (error) {
    const url = await findRunning(dataDir);
    if (url === undefined) throw error;
    return { ...other, state: "running", url };
  }
}

/** Another process owns the database, so leave it running. */
async function stayOpen(): Promise<void> {}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
