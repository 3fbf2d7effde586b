import type { Pool } from "pg";
import { interval, staleCircuitReportMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Age of a report after which its worker is gone. */
const staleAfter = interval(staleCircuitReportMs);

export const reportCircuitsStatement: Statement = {
  name: "report-circuits",
  text: `
    with gone as (delete from circuit_reports where reported_at < now() - 4 * ${staleAfter} and worker_id <> $1)
    insert into circuit_reports (worker_id, open_circuits) values ($1, $2)
    on conflict (worker_id) do update set open_circuits = excluded.open_circuits, reported_at = now()`,
};

/** Stores the providers that a worker skips; to be repeated every few seconds. */
export async function reportOpenCircuits(pool: Pool, workerId: string, open: readonly string[]): Promise<void> {
  await query(pool, reportCircuitsStatement, [workerId, open]);
}

export const readCircuitsStatement: Statement<{ provider: string; workers: number }> = {
  name: "read-circuits",
  text: `
    select open.provider, count(*)::int as workers
    from circuit_reports, unnest(open_circuits) as open(provider)
    where reported_at > now() - ${staleAfter} group by open.provider`,
};

/** Counts the living workers that skip each provider; providers that no worker skips are left out. */
export async function readOpenCircuits(pool: Pool): Promise<Record<string, number>> {
  const rows = await query(pool, readCircuitsStatement, []);
  return Object.fromEntries(rows.map(({ provider, workers }) => [provider, workers]));
}
