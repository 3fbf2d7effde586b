import type { Pool } from "pg";
import { draftStatements } from "./draft-statements.ts";
import { draftTtlSeconds } from "../../tunables.ts";

/**
 * Deletes the drafts in PostgreSQL that were not written to for `draftTtlSeconds`: their jobs ended while it was down,
 * or Redis has taken their place.
 * @returns how many
 */
export async function dropStaleDrafts(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query({
    ...draftStatements.dropStale,
    values: [draftTtlSeconds],
  });
  return rowCount ?? 0;
}
