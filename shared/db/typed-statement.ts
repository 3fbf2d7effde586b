import type { Compilable } from "kysely";
import type { Pool, QueryResultRow } from "pg";
import type { StatementBuilder } from "./statement-builder.ts";

/**
 * A statement built from the entities' tables and columns, so that the compiler checks its names and infers its rows.
 * For reads that a person asks for; see docs/decisions/0007-raw-sql-where.md.
 */
export interface TypedStatement<Values, Row> {
  name: string;
  build: (builder: StatementBuilder, values: Values) => Compilable<Row>;
}

/** Rows of a typed statement. */
export type RowOf<S> = S extends TypedStatement<never, infer Row> ? Row : never;

/** Defines a typed statement; the type of its rows is inferred. */
export function typedStatement<Values, Row>(
  name: string,
  build: TypedStatement<Values, Row>["build"],
): TypedStatement<Values, Row> {
  return { name, build };
}

/**
 * Runs a typed statement. It is not prepared: rare statements gain nothing from it, and PostgreSQL plans it for its
 * values.
 */
export async function queryTyped<Values, Row extends QueryResultRow>(
  db: Pick<Pool, "query">,
  statement: TypedStatement<Values, Row>,
  values: Values,
): Promise<Row[]> {
  // Kysely takes 21 MB and 0.1 s to load: more than the memory budget of a process at boot allows.
  const { builder } = await import("./statement-builder.ts");
  const { sql, parameters } = statement.build(builder, values).compile();
  const { rows } = await db.query<Row>(sql, [...parameters]);
  return rows;
}
