import pg, { type ClientBase, type Pool, type PoolClient } from "pg";
import type { Logger } from "../logger.ts";
import { openPool } from "../postgres/open-pool.ts";
import type { Statement } from "../postgres/statement.ts";
import { databaseConnectMs, databaseQueryMs } from "../tunables.ts";

/**
 * PostgreSQL for one process. Hot queries are named statements: most must be one round trip that decides something. For
 * the others see `typed-statement.ts`.
 */
export interface Database {
  pool: Pool;
  readonly pooler: Pooler;
  close(): Promise<void>;
}

/** `transaction`: the server gives each transaction a connection that other clients used before and will use after. */
type Pooler = "none" | "transaction";

interface DatabaseOptions {
  /** Maximum connections. */
  connections?: number;
  pooler?: Pooler;
}

/** Opens PostgreSQL without waiting for it: statements reject while it is down. */
export function openDatabase(
  databaseUrl: string,
  log: Logger,
  { connections = 20, pooler = "none" }: DatabaseOptions = {},
): Database {
  const pool = openPool(databaseUrl, {
    ownSessions: pooler === "none",
    ...(pooler === "transaction" && { Client: UnpreparedClient }),
    max: connections,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: databaseConnectMs,
    query_timeout: databaseQueryMs,
    keepAlive: true,
    onLost: (err) => log.debug({ err }, "lost a connection to PostgreSQL"),
  });
  return { pool, pooler, close: () => pool.end() };
}

/**
 * Sends each statement without its name, so that the server prepares none: behind a pooler the next connection may not
 * know a prepared name, or know it as something else.
 */
class UnpreparedClient extends pg.Client {
  /** Keeps the overloads of the base class, which returns a promise, a query or nothing. */
  override query(config: unknown, ...rest: unknown[]): never {
    const ask = super.query.bind(this) as (...args: unknown[]) => unknown;
    return ask(withoutName(config), ...rest) as never;
  }
}

function withoutName(config: unknown): unknown {
  const named = typeof config === "object" && config !== null && "name" in config && !("submit" in config);
  return named ? { ...config, name: undefined } : config;
}

/** Runs a prepared statement and returns its rows. */
export async function query<Row>(
  db: Pick<ClientBase, "query">,
  statement: Statement<Row>,
  values: unknown[],
): Promise<Row[]> {
  const { rows } = await db.query({ ...statement, values });
  return rows as Row[];
}

/** Commits the work, or rolls all of it back. A connection in an unknown state is discarded. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
