import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Those behind are told no place: it would tell them nothing. */
const shownPlaces = 500;

/** Conversation that waits for a person. */
interface WaitingConversation extends Columns<"conversations", "id"> {
  /** Its visitor was told that nobody has come. */
  overdue: boolean;
}

export const readWaitingStatement: Statement<WaitingConversation> = {
  name: "read-waiting",
  text: `
    select id, overdue_at is not null as overdue from conversations
    where site_id = $1 and handled_by = 'waiting' and deleted_at is null order by waiting_since, id limit ${shownPlaces}`,
};

/** Reads who waits, the longest first; a few hundred at most. */
export async function readWaiting(pool: Pool, siteId: string): Promise<WaitingConversation[]> {
  return query(pool, readWaitingStatement, [siteId]);
}
