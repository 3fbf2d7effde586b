import type { Pool } from "pg";
import { interval, staleProviderReportMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";

/** A worker's report about one provider. None of it is secret: `GET /api/providers` shows it. */
export interface ReportedProvider {
  name: string;
  model: string;
  available: boolean;
  reason?: string | undefined;
}

const staleAfter = interval(staleProviderReportMs);
/** Time for which rows of gone workers are kept. The newest of them shows the configuration while no worker runs. */
const keptFor = "interval '1 day'";
/** Maximum reports read. More workers than this have no further providers. */
const maxRead = 200;

export const reportProvidersStatement: Statement = {
  name: "report-providers",
  text: `
    with gone as (delete from provider_reports where reported_at < now() - ${keptFor} and worker_id <> $1)
    insert into provider_reports (worker_id, providers) values ($1, $2)
    on conflict (worker_id) do update set providers = excluded.providers, reported_at = now(), ended = false`,
};

/** Stores the providers of a worker; to be repeated every `providerReportEveryMs`. */
export async function storeProviderReport(
  pool: Pool,
  workerId: string,
  providers: readonly ReportedProvider[],
): Promise<void> {
  await query(pool, reportProvidersStatement, [workerId, JSON.stringify(providers)]);
}

export const endProviderReportStatement: Statement = {
  name: "end-provider-report",
  text: `update provider_reports set ended = true where worker_id = $1`,
};

/** Marks a worker as ended. Its row is kept for times without any worker. */
export async function endProviderReport(pool: Pool, workerId: string): Promise<void> {
  await query(pool, endProviderReportStatement, [workerId]);
}

export const readProviderReportsStatement: Statement<{ providers: ReportedProvider[]; alive: boolean }> = {
  name: "read-provider-reports",
  text: `
    select providers, not ended and reported_at > now() - ${staleAfter} as alive
    from provider_reports order by alive desc, reported_at desc limit ${maxRead}`,
};

/**
 * @returns the reports of living workers, newest first; if there are none, that of the worker that lived last; empty if
 * there never was one
 */
export async function readProviderReports(pool: Pool): Promise<ReportedProvider[][]> {
  const rows = await query(pool, readProviderReportsStatement, []);
  const alive = rows.filter((row) => row.alive);
  return (alive.length > 0 ? alive : rows.slice(0, 1)).map(({ providers }) => providers);
}
