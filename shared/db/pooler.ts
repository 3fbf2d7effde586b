import type { Pool, PoolClient } from "pg";

/**
 * Whether a pooler stands between us and PostgreSQL that gives each transaction another connection. It can miss one
 * whose connections others take meanwhile, and never sees one where there is none.
 */
export async function isPooledByTransaction(pool: Pool): Promise<boolean> {
  const one = await pool.connect();
  try {
    const before = await serverOf(one);
    const other = await pool.connect();
    try {
      // It most likely gets the connection that was used last; while it holds that, `one` gets another.
      await other.query("begin");
      await serverOf(other);
      return (await serverOf(one)) !== before;
    } finally {
      await other.query("rollback").finally(() => other.release());
    }
  } finally {
    one.release();
  }
}

async function serverOf(client: PoolClient): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid;
}
