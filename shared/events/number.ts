import type { Pool } from "pg";
import { query } from "../db/database.ts";
import type { Statement } from "../postgres/statement.ts";

/** Events numbered by one pass at most, so that no pass holds the row for long. */
export const numberedAtOnce = 2000;

export const numberEventsStatement: Statement<{ pos: number; numbered: number }> = {
  name: "number-events",
  // The snapshot is older than the lock. If another pass committed in between, the locked row and the snapshot differ,
  // and this pass does nothing: its list of events is out of date. Events that a deletion holds are left to it: a pass
  // that waits for them would keep all others, and could hold what the deletion waits for.
  text: `
    with held as materialized (
      select pos from event_tail where id = 1 for update skip locked
    ), tail as materialized (
      select pos from held where pos = (select pos from event_tail where id = 1)
    ), fresh as materialized (
      select id, row_number() over (order by id) as place from (
        select id from events where pos is null and exists (select from tail) order by id limit ${numberedAtOnce}
        for no key update skip locked
      ) as first
    ), numbered as (
      update events set pos = tail.pos + place from fresh, tail where events.id = fresh.id returning events.pos
    ), raised as (
      update event_tail set pos = (select max(pos) from numbered)
      where id = 1 and exists (select from fresh) returning pos
    )
    select coalesce((select pos from raised), (select pos from held), pos)::float8 as pos,
           (select count(*)::int from fresh) as numbered
    from event_tail where id = 1`,
};

/**
 * Gives each committed event that has none its place in the log of all conversations, and returns the last place.
 * Concurrent passes exclude each other by the row `event_tail`, without waiting. It is one statement outside any
 * transaction: a process that freezes or dies holds nothing for longer than PostgreSQL takes to run it.
 */
export async function numberEvents(pool: Pool): Promise<{ pos: number; numbered: number }> {
  const [tail] = await query(pool, numberEventsStatement, []);
  if (!tail) throw new Error("the row of event_tail is missing: restore it with the highest pos of events");
  return tail;
}
