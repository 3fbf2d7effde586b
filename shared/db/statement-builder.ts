import {
  DummyDriver,
  type Expression,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from "kysely";
import { jsonArrayFrom, jsonObjectFrom } from "kysely/helpers/postgres";
import type { Tables } from "./schema/tables.ts";

/** Builds SQL and connects to nothing: our own pool runs it. */
const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Loaded by `typed-statement.ts` alone, when the first typed statement runs. */
export const builder = { db, sql, jsonArrayFrom, jsonObjectFrom, millis, iso };
export type StatementBuilder = typeof builder;

/** Null only if the time can be. */
type Of<T, Time> = T | Extract<Time, null>;

/** Formats a time as Unix milliseconds. */
function millis<Time extends Date | null>(time: Expression<Time>): RawBuilder<Of<number, Time>> {
  return sql`(extract(epoch from ${time}) * 1000)::float8`;
}

/** Formats a time like `Date.toISOString`; PostgreSQL's own notation in JSON has microseconds and an offset. */
function iso<Time extends Date | null>(time: Expression<Time>): RawBuilder<Of<string, Time>> {
  return sql`to_char(${time} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
