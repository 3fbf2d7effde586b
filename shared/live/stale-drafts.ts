import type { Pool } from "pg";
import { draftTtlSeconds } from "../tunables.ts";

/**
 * Deletes the drafts in PostgreSQL that were not written to for `draftTtlSeconds`: their jobs ended while it was down,
 * or Redis has taken their place.
 * @returns how many
 */
export async function dropStaleDrafts(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query({
    name: "live-drop-stale-drafts",
    text: "delete from drafts where updated_at < now() - make_interval(secs => $1)",
    values: [draftTtlSeconds],
  });
  return rowCount ?? 0;
}
