import type { Pool } from "pg";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** One claim of a job. Times are Unix milliseconds. */
export interface RunRow extends Columns<"runs", "run" | "attempt" | "worker" | "outcome"> {
  claimedAt: number;
  firstDeltaAt: number | null;
  endedAt: number | null;
}

export const runsStatement: Statement<RunRow> = {
  name: "job-runs",
  text: `
    select run, attempt, worker, outcome,
           (extract(epoch from claimed_at) * 1000)::float8 as "claimedAt",
           (extract(epoch from claimed_at) * 1000 + first_delta_ms)::float8 as "firstDeltaAt",
           (extract(epoch from ended_at) * 1000)::float8 as "endedAt"
    from runs where job_id = $1 order by run`,
};

/** Reads every claim of a job, in order. */
export async function readRuns(pool: Pool, jobId: string): Promise<RunRow[]> {
  return query(pool, runsStatement, [jobId]);
}

/** An attempt after the first of its run: the reply began anew. The time is in Unix milliseconds. */
export interface Restart extends Columns<"calls", "attempt"> {
  at: number;
}

export const restartsStatement: Statement<Restart> = {
  name: "job-restarts",
  text: `
    select attempt, (extract(epoch from min(begun_at)) * 1000)::float8 as at
    from calls where job_id = $1 and attempt not in (select attempt from runs where job_id = $1)
    group by attempt order by attempt`,
};

/** Reads the restarts for which a provider was called, in order. */
export async function readRestarts(pool: Pool, jobId: string): Promise<Restart[]> {
  return query(pool, restartsStatement, [jobId]);
}
