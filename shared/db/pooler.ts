import type { Pool, PoolClient } from "pg";

/**
 * Detects a pooler in front of PostgreSQL that gives each transaction another connection. It can miss a pooler whose
 * connections other clients take meanwhile. It never reports one where there is none.
 */
export async function isPooledByTransaction(pool: Pool): Promise<boolean> {
  const one = await pool.connect();
  try {
    const before = await serverOf(one);
    const other = await pool.connect();
    try {
      // It most likely gets the connection used last; while it holds that, `one` gets another.
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
