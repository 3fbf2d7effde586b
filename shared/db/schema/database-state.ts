import type { ClientBase } from "pg";

/** How a database is set up, as far as it decides whether Parley can work on it. */
export interface DatabaseState {
  name: string;
  /** That we are connected as. */
  role: string;
  encoding: string;
  /** A standby, or one whose `default_transaction_read_only` is on. */
  readOnly: boolean;
  standby: boolean;
  /** Of a transaction that asks for no other. */
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

/** What is wrong, and what to do about it. */
export interface Advice {
  text: string;
  mend: string;
}

/** Texts of every language are stored, and cut at characters: only UTF8 can do both. */
export function encodingAdvice({ encoding, name }: DatabaseState): Advice | undefined {
  if (encoding === "UTF8") return undefined;
  // The locale C fits every encoding, whatever the cluster was made with; only template0 may be copied into another one.
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

/** Behind a pooler in transaction mode no session keeps a setting: there the default itself must be right. */
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
