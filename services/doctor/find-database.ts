import { describeError } from "../../shared/describe-error.ts";
import { openInstallationDatabase } from "../../shared/embedded-postgres/installation-database.ts";
import { type Finding, fault, ok } from "./findings.ts";

export interface FoundDatabase {
  findings: Finding[];
  /** Absent if there is no database to check. */
  url?: string;
  close: () => Promise<void>;
}

/** Finds the database of this installation. An embedded one that is not running runs for the duration of the checks. */
export async function findDatabase(databaseUrl: string | undefined, folder: string): Promise<FoundDatabase> {
  try {
    const { state, dataDir, ...found } = await openInstallationDatabase(databaseUrl, folder);
    if (state === "none") return { ...found, findings: [ok("embedded: npm start will create it")] };
    if (state === "running") return { ...found, findings: [ok(`embedded, in ${dataDir}`)] };
    const started = `embedded, in ${dataDir}: it was not running and was started for these checks`;
    return { ...found, findings: state === "started" ? [ok(started)] : [] };
  } catch (error) {
    return { findings: [fault(describeError(error))], close: () => Promise.resolve() };
  }
}
