import type { Pool } from "pg";
import { query } from "../db/database.ts";
import type { Statement } from "../postgres/statement.ts";
import { eventDays } from "../tunables.ts";

export const deleteOldEventsStatement: Statement<{ deleted: number }> = {
  name: "delete-old-events",
  // Ids rise with time, but for moments: the oldest rows stand first, and no index by time is needed.
  text: `
    with oldest as (
      select id, at from events order by id limit $1 for update skip locked
    ), gone as (
      delete from events using oldest
      where events.id = oldest.id and oldest.at < now() - interval '${eventDays} days' returning events.id
    )
    select count(*)::int as deleted from gone`,
};

/**
 * Deletes the oldest events that are past their time.
 * @returns how many
 */
export async function deleteOldEvents(pool: Pool, limit: number): Promise<number> {
  const [result] = await query(pool, deleteOldEventsStatement, [limit]);
  return result?.deleted ?? 0;
}
