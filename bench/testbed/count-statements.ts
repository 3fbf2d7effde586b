import type pg from "pg";

/** Number of calls by command. */
export type Counts = Map<string, number>;

/** Counts the statements that all processes send to this database during some work; see `countStatements` of Parley. */
export async function countStatements(pool: pg.Pool, work: () => Promise<unknown>): Promise<Counts> {
  await pool.query("select pg_stat_statements_reset()");
  await work();
  const { rows } = await pool.query<{ query: string; calls: number }>(
    `select query, calls::int from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database()) and query !~ 'pg_'
     order by calls desc`,
  );
  const shown = 160;
  const counts: Counts = new Map();
  for (const { query, calls } of rows) {
    const name = query.replace(/\s+/g, " ").trim().slice(0, shown);
    // Statements that begin alike count together.
    counts.set(name, (counts.get(name) ?? 0) + calls);
  }
  return counts;
}
