import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { abandonedMs, firstWordsMs, interval, maxReturns, overdueMs, silenceMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import { isPaused } from "./assistant-pauses.ts";

/** Conversation with people in which something should have happened and has not. */
export interface Stalled extends Columns<"conversations", "id"> {
  /** State in which it was found. Any change has made it another case. */
  eventSeq: number;
  /**
   * `no-reply`: the operator has written nothing. `overdue`: nobody has come, and the visitor was not told. `nobody`: nor has anybody
   * for a day. `silence`: neither side has written for long.
   */
  how: "no-reply" | "overdue" | "nobody" | "silence";
}

const paused = isPaused("conversations.site_id", "conversations.assistant_type");

export const readStalledStatement: Statement<Stalled> = {
  name: "read-stalled",
  // A pause of the AI stops the clocks that would give it the conversation. An operator's own clock begins with the stretch: a colleague may have had the visitor waiting before.
  text: `
    select id, event_seq as "eventSeq", how from (
      select id, event_seq, waiting_since as since,
             case when waiting_since < now() - ${interval(abandonedMs)} and not ${paused} then 'nobody'
                  when overdue_at is null and (returns >= ${maxReturns} or waiting_since < now() - ${interval(overdueMs)}) then 'overdue'
             end as how
      from conversations where handled_by = 'waiting' and deleted_at is null
      union all
      select id, event_seq, updated_at,
             case when waiting_since is null and updated_at < now() - ${interval(silenceMs)} and not ${paused} then 'silence'
                  when waiting_since is not null and (
                    select began_at from stretches where conversation_id = id and no = stretch) < now() - ${interval(firstWordsMs)}
                  then 'no-reply'
             end
      from conversations where handled_by = 'operator' and operator_id is not null and deleted_at is null
    ) as handled where how is not null order by since limit 100`,
};

/** Reads those that stall, by the database's clock; the longest first, at most a hundred. */
export async function readStalled(pool: Pool): Promise<Stalled[]> {
  return query(pool, readStalledStatement, []);
}
