import type { Pool, PoolClient } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { databaseQueryMs } from "../../tunables.ts";
import { inTransaction, query } from "../database.ts";

/** Time limit of an operator's search. Below the limit of the connection, whose end would not stop the server. */
export const searchLimitMs = databaseQueryMs - 1000;

/** The search took longer than {@link searchLimitMs}. */
export class SearchTooLong extends Error {
  override name = "SearchTooLong";
}

export const limitTimeStatement: Statement = {
  name: "limit-time",
  text: "select set_config('statement_timeout', $1, true)",
};

/**
 * Runs statements of which PostgreSQL ends each after {@link searchLimitMs}.
 * @throws {SearchTooLong}
 */
export async function withTimeLimit<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  try {
    return await inTransaction(pool, async (client) => {
      await query(client, limitTimeStatement, [String(searchLimitMs)]);
      return work(client);
    });
  } catch (error) {
    // SQLSTATE query_canceled.
    if (error instanceof Error && "code" in error && error.code === "57014") throw new SearchTooLong();
    throw error;
  }
}
