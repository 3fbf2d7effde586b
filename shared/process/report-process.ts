import { hostname } from "node:os";
import type { Pool } from "pg";
import { v4 } from "uuid";
import { repeat } from "../async/repeat.ts";
import { endProcessReport, storeProcessReport } from "../db/operators/process-reports.ts";
import type { Logger } from "../logger.ts";
import { processReportEveryMs } from "../tunables.ts";
import { processVersion } from "./process-version.ts";

/**
 * Tells the other processes that this one runs, and its version, until the returned function stops it. The first report
 * is stored when this resolves, or the database is away.
 */
export async function reportProcess(
  pool: Pool,
  name: "api" | "worker" | "knowledge",
  log: Logger,
  { SMTP_URL }: { SMTP_URL?: string | undefined } = {},
): Promise<() => Promise<void>> {
  const processId = v4();
  const report = {
    name,
    place: `${hostname()}:${process.pid}`,
    version: processVersion,
    sendsMail: SMTP_URL !== undefined,
  };
  const tell = (what: Promise<void>) =>
    what.catch((error: unknown) => log.debug({ err: error }, "could not report that this process runs"));
  const once = () => tell(storeProcessReport(pool, processId, report));
  await once();
  const stop = repeat(processReportEveryMs, once);
  return async () => {
    await stop();
    await tell(endProcessReport(pool, processId));
  };
}
