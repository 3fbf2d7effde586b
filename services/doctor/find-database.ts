import { access } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../../shared/describe-error.ts";
import { startEmbeddedPostgres } from "../../shared/embedded-postgres/embedded-postgres.ts";
import { findBinaries } from "../../shared/embedded-postgres/binaries.ts";
import { findRunning } from "../../shared/embedded-postgres/data-dir.ts";
import { createLogger } from "../../shared/logger.ts";
import { type Finding, fault, ok } from "./findings.ts";

export interface FoundDatabase {
  findings: Finding[];
  /** Absent if there is no database to check. */
  url?: string;
  close: () => Promise<void>;
}

/**
 * Finds the database of this installation: that of `DATABASE_URL`, else the embedded one of `npm start`. If it is not
 * running, it is started for the duration of the checks.
 */
export async function findDatabase(databaseUrl: string | undefined, folder: string): Promise<FoundDatabase> {
  if (databaseUrl !== undefined) return { findings: [], url: databaseUrl, close: stayOpen };
  try {
    await findBinaries();
    const dataDir = join(folder, "postgres");
    if (!(await exists(join(dataDir, "PG_VERSION")))) {
      return { findings: [ok("embedded: npm start will create it")], close: stayOpen };
    }
    return await openEmbedded(dataDir);
  } catch (error) {
    return { findings: [fault(describeError(error))], close: stayOpen };
  }
}

/** Another process owns the database, so leave it running. */
async function stayOpen(): Promise<void> {}

async function openEmbedded(dataDir: string): Promise<FoundDatabase> {
  const log = await createLogger({ service: "doctor", level: "silent", pretty: false });
  try {
    const { url, stop } = await startEmbeddedPostgres({ dataDir, log });
    return {
      findings: [ok(`embedded, in ${dataDir}: it was not running and was started for these checks`)],
      url,
      close: stop,
    };
  } catch (error) {
    const url = await findRunning(dataDir);
    if (url === undefined) throw error;
    return { findings: [ok(`embedded, in ${dataDir}`)], url, close: stayOpen };
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
