import pg, { type ClientBase, type PoolConfig } from "pg";
import { connectionOptions } from "./connection-options.ts";

interface PoolOptions extends Omit<PoolConfig, "connectionString" | "ssl" | "options" | "onConnect"> {
  /** The schema in which unqualified names are looked up; absent: as the database, the role or the URL say. */
  searchPath?: string;
  /** False behind a pooler in transaction mode, where a session is not ours alone: its settings would reach others. */
  ownSessions?: boolean;
}

/**
 * Session settings that our statements rely on, whatever defaults the database or the role has: under `serializable` single
 * statements fail as soon as twenty conversations are written at once, and `pg` reads times in ISO format only.
 */
const sessionSettings = { default_transaction_isolation: "read committed", datestyle: "ISO" };

/**
 * Makes a pool whose connections are set up by a statement. A start-up parameter would not do: `options` in the URL takes
 * its place, and PgBouncer refuses it.
 */
export function openPool(databaseUrl: string, { searchPath, ownSessions = true, ...options }: PoolOptions): pg.Pool {
  const settings = { ...sessionSettings, ...(searchPath !== undefined && { search_path: searchPath }) };
  // The pool waits for it before it gives the connection to anybody; @types/pg does not know that it may.
  const setup: { onConnect: (client: ClientBase) => unknown } = {
    onConnect: (client) => applySettings(client, settings),
  };
  return new pg.Pool({
    ...options,
    ...connectionOptions(databaseUrl),
    ...(ownSessions && setup),
  });
}

async function applySettings(client: ClientBase, settings: Record<string, string>): Promise<void> {
  const calls = Object.keys(settings).map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, false)`);
  await client.query(`select ${calls.join(", ")}`, Object.entries(settings).flat());
}
