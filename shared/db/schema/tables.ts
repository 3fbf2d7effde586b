import type { InferKyselyDB } from "@mikro-orm/sql";
import type { Selectable } from "kysely";
import type { entities } from "./entities/entities.ts";

/**
 * The tables and the types of their columns, from the entities. Types alone: neither MikroORM nor Kysely is loaded for
 * them.
 */
export type Tables = InferKyselyDB<(typeof entities)[number]>;

/** Rows of the tables, as `pg` reads them. */
export type Rows = { [Table in keyof Tables]: Selectable<Tables[Table]> };

/** Columns of a table under the names that statements give them: `assistant_type as "assistantType"`. */
export type Columns<Table extends keyof Rows, Name extends keyof Rows[Table]> = {
  [N in Name as CamelCase<N & string>]: Rows[Table][N];
};

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;
