import type { Pool } from "pg";
import type { ActionCard } from "../../protocol/actions/action-card.ts";
import type { Statement } from "../../postgres/statement.ts";
import { type MessageRow, operatorOf, type OperatorName, messageColumns } from "../conversations/conversations.ts";
import { cardOf } from "../actions/cards.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** An event of the log with all that is said of it. */
export interface InboxLogRow extends Columns<
  "events",
  "conversation_id" | "seq" | "kind" | "job_id" | "status" | "handled_by" | "operator_id" | "notice" | "at"
> {
  pos: number;
  /** Null for other events, and once it was erased; its time is JSON. */
  message: (Omit<MessageRow, "createdAt"> & { createdAt: string }) | null;
  /** The person behind `operatorId`. */
  operator: OperatorName | null;
  waitingSince: Date | null;
  /** The action of an `action`, as it is now; null for other events, and once it was erased. */
  action: ActionCard | null;
  /** Language of the visitor. */
  locale: string | null;
}

/** Events read at once. */
export const inboxEventsAPage = 100;

export const inboxPageStatement: Statement<InboxLogRow> = {
  name: "inbox-page",
  text: `
    select events.pos::float8 as pos, events.conversation_id as "conversationId", seq, kind, job_id as "jobId", status,
           events.handled_by as "handledBy", events.operator_id as "operatorId", notice, at,
           case when message_id is not null then (
             select row_to_json(message) from (
               select ${messageColumns} from messages left join feedback on feedback.message_id = messages.id
               where messages.id = events.message_id
             ) as message) end as message,
           case when action_id is not null then ${cardOf("events.action_id")} end as action,
           ${operatorOf("events.operator_id")} as operator,
           case events.handled_by when 'waiting' then coalesce(waiting_since, at) when 'operator' then waiting_since end as "waitingSince",
           metadata ->> 'locale' as locale
    from (
      select * from events where pos > $1 and pos <= $2 and site_id = $3 order by pos limit ${inboxEventsAPage}
    ) as events
    left join lateral (
      select waiting_since, metadata from conversations
      where id = events.conversation_id and kind in ('handling', 'notice') limit 1
    ) as conversation on true
    order by events.pos`,
};

/** Reads a page of the log of all conversations, after a place, up to another. */
export async function readInboxPage(
  pool: Pool,
  { siteId, after, upTo }: { siteId: string; after: number; upTo: number },
): Promise<InboxLogRow[]> {
  return query(pool, inboxPageStatement, [after, upTo, siteId]);
}

export const logEndsStatement: Statement<{ oldest: number | null; newest: number }> = {
  name: "log-ends",
  text: `
    select (select pos from events where pos is not null order by pos limit 1)::float8 as oldest, pos::float8 as newest
    from event_tail where id = 1`,
};

/**
 * Reads the place of the oldest event that is kept, null if there is none, and of the newest one.
 */
export async function readLogEnds(pool: Pool): Promise<{ oldest: number | null; newest: number }> {
  const [ends] = await query(pool, logEndsStatement, []);
  if (!ends) throw new Error("the row of event_tail is missing");
  return ends;
}
