import type { Pool } from "pg";
import { query } from "../db/database.ts";
import type { Columns } from "../db/schema/tables.ts";
import type { Statement } from "../postgres/statement.ts";

export type LoggedEvent = Columns<
  "events",
  | "conversation_id"
  | "seq"
  | "kind"
  | "message_id"
  | "job_id"
  | "status"
  | "handled_by"
  | "operator_id"
  | "notice"
  | "action_id"
  | "at"
>;

/** Columns of `LoggedEvent`. */
export const eventColumns = `conversation_id as "conversationId", seq, kind, message_id as "messageId", job_id as "jobId", status,
  handled_by as "handledBy", operator_id as "operatorId", notice, action_id as "actionId", at`;

/** Events read at once. */
export const eventsAPage = 200;

export const readEventsStatement: Statement<LoggedEvent> = {
  name: "read-events",
  text: `
    select ${eventColumns} from events where conversation_id = $1 and seq > $2 order by seq limit ${eventsAPage}`,
};

/** Reads what follows a place in a conversation's events: numbered or not, since `seq` alone gives the order. */
export async function readLog(pool: Pool, conversationId: string, after: number): Promise<LoggedEvent[]> {
  return query(pool, readEventsStatement, [conversationId, after]);
}
