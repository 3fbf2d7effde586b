import type { Pool } from "pg";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";

export const backlogStatement: Statement<{ backlog: number }> = {
  name: "backlog",
  text: `
    select ((select count(*) from (select from jobs where status = 'queued' limit $1) as waiting)
            + (select count(*) from jobs where status = 'active'))::int as backlog`,
};

/** Counts the jobs without a reply; waiting jobs are counted up to `enough`. */
export async function countBacklog(pool: Pool, enough: number): Promise<number> {
  const [row] = await query(pool, backlogStatement, [enough]);
  return row?.backlog ?? 0;
}
