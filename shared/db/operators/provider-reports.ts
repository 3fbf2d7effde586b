import type { Pool } from "pg";
import { query } from "../database.ts";

/** What a worker says of one provider. None of it is secret: `GET /api/providers` shows it. */
export interface ReportedProvider {
  name: string;
  model: string;
  available: boolean;
  reason?: string | undefined;
}

/** Three reports are missing: the worker is gone. */
const staleAfter = "interval '90 s'";
/** Rows of workers that are gone are kept so long: the newest of them says what was configured while no worker runs. */
const keptFor = "interval '1 day'";
/** More workers than this have no other providers than these. */
const maxRead = 200;

const reportStatement = {
  name: "report-providers",
  text: `
    with gone as (delete from provider_reports where reported_at < now() - ${keptFor} and worker_id <> $1)
    insert into provider_reports (worker_id, providers) values ($1, $2)
    on conflict (worker_id) do update set providers = excluded.providers, reported_at = now(), ended = false`,
};

/** Says which providers a worker has; to be repeated every 30 seconds. */
export async function reportProviders(
  pool: Pool,
  workerId: string,
  providers: readonly ReportedProvider[],
): Promise<void> {
  await query(pool, reportStatement, [workerId, JSON.stringify(providers)]);
}

const endStatement = {
  name: "end-provider-report",
  text: `update provider_reports set ended = true where worker_id = $1`,
};

/** Says that a worker ends. Its row stays, for the time when there is none. */
export async function endProviderReport(pool: Pool, workerId: string): Promise<void> {
  await query(pool, endStatement, [workerId]);
}

const readStatement = {
  name: "read-provider-reports",
  text: `
    select providers, not ended and reported_at > now() - ${staleAfter} as alive
    from provider_reports order by alive desc, reported_at desc limit ${maxRead}`,
};

/** @returns what living workers say, the newest first; of none, the last that lived; empty: there never was one */
export async function readProviderReports(pool: Pool): Promise<ReportedProvider[][]> {
  const rows = await query<{ providers: ReportedProvider[]; alive: boolean }>(pool, readStatement, []);
  const alive = rows.filter((row) => row.alive);
  return (alive.length > 0 ? alive : rows.slice(0, 1)).map(({ providers }) => providers);
}
