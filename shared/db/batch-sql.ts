/**
 * Lock clause for a batch: rows locked elsewhere are skipped. No item waits for another item's row, and two statements
 * never wait for each other.
 */
export const skipLocked = "for no key update skip locked";

/**
 * Looks rows of a table up by id, one lateral look-up per id. The planner takes a join for small: PostgreSQL would read
 * a young table in full, and an already prepared statement keeps doing so while the table grows.
 * @param ids a parameter that holds an array of UUIDs; the planner must not see its length, or it plans anew for each
 * length
 * @param more appended to each look-up
 */
export function byIds(table: string, columns: string, ids: string, more = "limit 1"): string {
  return `unnest((select ${ids}::uuid[])) as wanted(wanted_id)
    cross join lateral (select ${columns} from ${table} where id = wanted_id ${more}) as ${table}`;
}
