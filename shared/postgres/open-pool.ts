import pg, { type ClientBase, type PoolConfig } from "pg";
import { connectionOptions } from "./connection-options.ts";

interface PoolOptions extends Omit<PoolConfig, "connectionString" | "ssl" | "options" | "onConnect"> {
  /** The schema in which unqualified names are looked up; defaults to that of the database, the role or the URL. */
  searchPath?: string;
  /** False behind a pooler in transaction mode, where sessions are shared: settings would affect other clients. */
  ownSessions?: boolean;
  /** Receives the error of each connection that is lost; a statement in flight rejects besides. */
  onLost: (error: Error) => void;
}

/**
 * Session settings that our statements rely on, whatever defaults the database or the role has. Under `serializable`
 * single statements fail as soon as twenty conversations are written at once, and `pg` reads times in ISO format only.
 */
const sessionSettings = { default_transaction_isolation: "read committed", datestyle: "ISO" };

/**
 * Creates a pool whose connections are set up by a statement. A start-up parameter does not work: `options` in the URL
 * replaces it, and PgBouncer refuses it.
 */
export function openPool(
  databaseUrl: string,
  { searchPath, ownSessions = true, onLost, ...options }: PoolOptions,
): pg.Pool {
  const settings = { ...sessionSettings, ...(searchPath !== undefined && { search_path: searchPath }) };
  // The pool awaits this before it hands the connection out; @types/pg does not allow for a promise.
  const setup: { onConnect: (client: ClientBase) => unknown } = {
    onConnect: (client) => applySettings(client, settings),
  };
  const pool = new pg.Pool({
    ...options,
    ...connectionOptions(databaseUrl),
    ...(ownSessions && setup),
  });
  return surviveLosses(pool, onLost);
}

/**
 * Keeps a process alive that loses a connection: an error that nobody hears would end it. The pool itself does not listen
 * to a connection that is in use or that closes.
 */
export function surviveLosses(pool: pg.Pool, onLost: (error: Error) => void): pg.Pool {
  pool.on("error", onLost);
  return pool.on("connect", (client) => client.on("error", onLost));
}

async function applySettings(client: ClientBase, settings: Record<string, string>): Promise<void> {
  const calls = Object.keys(settings).map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, false)`);
  await client.query(`select ${calls.join(", ")}`, Object.entries(settings).flat());
}
