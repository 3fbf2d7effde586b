import pg from "pg";

const pools = new Map<string, pg.Pool>();

/** Runs one statement on a connection of its own, kept for the next one: a new one costs as much as a small database. */
export async function runAsAdmin(adminUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const { rows } = await poolOf(adminUrl).query<Record<string, unknown>>(sql);
  return rows;
}

function poolOf(url: string): pg.Pool {
  const known = pools.get(url);
  if (known !== undefined) return known;
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 10_000, allowExitOnIdle: true });
  // A server may end before its idle connections: the next statement opens another one.
  pool.on("error", () => {});
  pools.set(url, pool);
  return pool;
}

/** URL of another database on the same server. */
export function urlOfDatabase(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** Drops a database, even if clients are connected to it. */
export async function dropDatabase(adminUrl: string, database: string): Promise<void> {
  await runAsAdmin(adminUrl, `drop database if exists ${pg.escapeIdentifier(database)} with (force)`);
}

/** Drops every database whose name begins with `prefix`. */
export async function dropDatabases(adminUrl: string, prefix: string): Promise<void> {
  const sql = `select datname from pg_database where starts_with(datname, ${pg.escapeLiteral(prefix)})`;
  for (const { datname } of await runAsAdmin(adminUrl, sql)) await dropDatabase(adminUrl, String(datname));
}
