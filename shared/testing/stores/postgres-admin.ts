import pg from "pg";

/** Runs one statement on a separate connection and returns its rows. */
export async function runAsAdmin(adminUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
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
