import type { Pool, QueryConfig } from "pg";
import type { z } from "zod";
import type { Statement } from "../../shared/postgres/statement.ts";
import { queryTyped, type TypedStatement } from "../../shared/db/typed-statement.ts";

/** A statement, a way to run it so that it finds something, and the shape of its first row. */
export interface StatementCase {
  name: string;
  /** @returns the rows of the statement's last run */
  run: (pool: Pool) => Promise<unknown[]>;
  /** Absent if the code reads no row of it. */
  row?: z.ZodType;
}

/**
 * A raw statement that a function of ours runs.
 * @param row no wider than the statement's row type: the compiler compares them
 */
export function reads<Row>(
  statement: Statement<Row>,
  row: z.ZodType<NoInfer<Row>>,
  run: (pool: Pool) => Promise<unknown>,
): StatementCase {
  return { name: statement.name, run: (pool) => runRecorded(pool, statement.name, run), row };
}

/** A raw statement whose rows are not read. */
export function writes(statement: Statement, run: (pool: Pool) => Promise<unknown>): StatementCase {
  return { name: statement.name, run: (pool) => runRecorded(pool, statement.name, run) };
}

/** A typed statement; its row type is inferred from the entities. */
export function readsTyped<Values, Row extends object>(
  statement: TypedStatement<Values, Row>,
  row: z.ZodType<NoInfer<Row>>,
  values: (pool: Pool) => Promise<NoInfer<Values>>,
): StatementCase {
  return { name: statement.name, run: async (pool) => queryTyped(pool, statement, await values(pool)), row };
}

/** @throws if the statement was not run */
async function runRecorded(pool: Pool, name: string, run: (pool: Pool) => Promise<unknown>): Promise<unknown[]> {
  let recorded: unknown[] | undefined;
  const recording = <Db extends Pick<Pool, "query">>(db: Db): Db =>
    Object.create(db, {
      query: {
        value: async (config: QueryConfig | string, values?: unknown[]) => {
          const result = await db.query(config, values);
          if (typeof config === "object" && config.name === name) recorded = result.rows;
          return result;
        },
      },
    }) as Db;
  await run(
    Object.create(recording(pool), { connect: { value: async () => recording(await pool.connect()) } }) as Pool,
  );
  if (!recorded) throw new Error(`${name} was not run`);
  return recorded;
}
