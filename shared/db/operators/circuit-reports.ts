import type { Pool } from "pg";
import type { KeyReport } from "../jobs/call-faults.ts";
import { interval, staleCircuitReportMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Age of a report after which its worker is gone. */
const staleAfter = interval(staleCircuitReportMs);

export const reportCircuitsStatement: Statement = {
  name: "report-circuits",
  text: `
    with gone as (delete from circuit_reports where reported_at < now() - 4 * ${staleAfter} and worker_id <> $1)
    insert into circuit_reports (worker_id, open_circuits, provider_keys) values ($1, $2, $3)
    on conflict (worker_id) do update
      set open_circuits = excluded.open_circuits, provider_keys = excluded.provider_keys, reported_at = now()`,
};

/** Stores the providers that a worker skips, and those that refused its key; to be repeated every few seconds. */
export async function reportOpenCircuits(
  pool: Pool,
  workerId: string,
  open: readonly string[],
  keys: readonly KeyReport[] = [],
): Promise<void> {
  await query(pool, reportCircuitsStatement, [workerId, open, JSON.stringify(keys)]);
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
