import type { ClientBase } from "pg";

/** Settings of a database that decide whether Parley can use it. */
export interface DatabaseState {
  name: string;
  /** Role of the connection. */
  role: string;
  encoding: string;
  /** True on a standby, or with `default_transaction_read_only` on. */
  readOnly: boolean;
  standby: boolean;
  /** Default isolation level of a transaction. */
  isolation: string;
}

const stateQuery = `
  select current_database() as name, current_user as role, getdatabaseencoding() as encoding,
         current_setting('transaction_read_only')::boolean as "readOnly", pg_is_in_recovery() as standby,
         current_setting('default_transaction_isolation') as isolation`;

export async function readDatabaseState(db: Pick<ClientBase, "query">): Promise<DatabaseState> {
  const { rows } = await db.query<DatabaseState>(stateQuery);
  const [state] = rows;
  if (!state) throw new Error("PostgreSQL did not say how the database is set up");
  return state;
}

/** A problem, and how to solve it. */
export interface Advice {
  text: string;
  mend: string;
}

/** Requires UTF8: text of every language is stored and cut at characters, and only UTF8 supports both. */
export function encodingAdvice({ encoding, name }: DatabaseState): Advice | undefined {
  if (encoding === "UTF8") return undefined;
  // Locale C fits every encoding, whatever the cluster uses. Only template0 may be copied into another encoding.
  const command = `create database ${quoted(`${name}_utf8`)} encoding 'UTF8' locale 'C' template template0`;
  return {
    text: `the encoding of the database is ${encoding}, expected UTF8`,
    mend: `make another one, and name it in DATABASE_URL: ${command}`,
  };
}

export function readOnlyAdvice({ readOnly, standby }: DatabaseState): Advice | undefined {
  if (!readOnly) return undefined;
  if (standby) {
    return { text: "the database is read-only: its server is a standby", mend: "point DATABASE_URL at the primary" };
  }
  return {
    text: "the database is read-only: default_transaction_read_only is on",
    mend: "set default_transaction_read_only to off, for the server, the database and the role",
  };
}

/**
 * Requires the right default. Behind a pooler in transaction mode a session keeps no settings, so the default itself
 * must be right.
 */
export function isolationAdvice({ isolation, name, role }: DatabaseState): Advice | undefined {
  if (isolation === "read committed") return undefined;
  return {
    text: `default_transaction_isolation is ${isolation}, and a pooler in transaction mode lets nobody set another one`,
    mend: `alter role ${quoted(role)} in database ${quoted(name)} set default_transaction_isolation = 'read committed', then let the pooler reconnect`,
  };
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
