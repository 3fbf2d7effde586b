import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { InboxView } from "../../protocol/operator.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import { deskColumns, type DeskRow } from "./read-conversation.ts";

/** Characters of the last message that the inbox shows. */
const shownChars = 200;
/** Conversations that are counted of each view, and messages of a conversation, at most. */
const countedAtMost = 100;

export interface InboxRow extends DeskRow {
  /** Its place in the list: a time, and its id. */
  place: string;
  /** The visitor wrote after the last turn that an operator has seen. */
  unseen: boolean;
  /** Messages of the visitor since the operator who has it has looked; null where none has. */
  unread: number | null;
  /** Null only while it has none; its time is in Unix milliseconds. */
  last: (Columns<"messages", "id" | "sender" | "text"> & { at: number }) | null;
}

interface Listing {
  /** Condition on `conversations`; `$1` is the site, `$5` the operator. */
  where: string;
  /** Column of the time by which the list is sorted; an index has it. */
  by: string;
  order: "asc" | "desc";
}

/** SQL for the entries of `conversations`, which stands for the rows to list. */
function entries(by: string, conversations: string): string {
  return `
    select ${deskColumns},
      to_char(${by} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '_' || conversations.id as place,
      exists (
        select from messages where conversation_id = conversations.id and turn > seen_turn and sender = 'user'
      ) as unseen,
      case when handled_by = 'operator' then (
        select count(*)::int from (
          select from messages
          where conversation_id = conversations.id and sender = 'user' and not imported and turn > coalesce((
            select looks.seen_turn from conversation_looks as looks
            where looks.conversation_id = conversations.id and looks.operator_id = conversations.operator_id), 0)
          limit ${countedAtMost}
        ) as counted) end as unread,
      (
        select json_build_object('id', id, 'sender', sender, 'text', left(text, ${shownChars}),
                                 'at', trunc(extract(epoch from created_at) * 1000))
        from messages where conversation_id = conversations.id order by turn desc, sender limit 1
      ) as last
    from (${conversations}) as conversations`;
}

/** SQL for a page of the list after a place, `$2` and `$3`, with at most `$4` conversations. */
function list({ where, by, order }: Listing): string {
  const [beyond, atOrBeyond] = order === "asc" ? [">", ">="] : ["<", "<="];
  const page = `
      select * from conversations
      where site_id = $1 and ${where} and ${by} ${atOrBeyond} $2::timestamptz and (${by}, id) ${beyond} ($2, $3::uuid)
      order by ${by} ${order}, id ${order} limit $4`;
  return `${entries(by, page)} order by ${by} ${order}, conversations.id ${order}`;
}

export const inboxWaitingStatement: Statement<InboxRow> = {
  name: "inbox-waiting",
  text: list({ where: "handled_by = 'waiting' and deleted_at is null", by: "waiting_since", order: "asc" }),
};

export const inboxMineStatement: Statement<InboxRow> = {
  name: "inbox-mine",
  text: list({ where: "operator_id = $5 and deleted_at is null", by: "updated_at", order: "desc" }),
};

export const inboxAllStatement: Statement<InboxRow> = {
  name: "inbox-all",
  text: list({ where: "deleted_at is null", by: "updated_at", order: "desc" }),
};

export const inboxClosedStatement: Statement<InboxRow> = {
  name: "inbox-closed",
  text: list({ where: "closed_at is not null and deleted_at is null", by: "closed_at", order: "desc" }),
};

/** Places before the first of each order. */
const beforeFirst = {
  asc: ["-infinity", "00000000-0000-0000-0000-000000000000"],
  desc: ["infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
} as const;

interface InboxRequest {
  siteId: string;
  view: InboxView;
  /** The operator whose own conversations are meant. */
  operatorId: string;
  limit: number;
  /** Place of the last conversation before this page. */
  after: { time: string; id: string } | undefined;
}

/** Reads a page of the inbox: those who wait longest first, otherwise the newest. */
export async function readInbox(pool: Pool, request: InboxRequest): Promise<InboxRow[]> {
  const { siteId, view, operatorId, limit, after } = request;
  const place = after ? [after.time, after.id] : beforeFirst[view === "waiting" ? "asc" : "desc"];
  const values = [siteId, ...place, limit];
  if (view === "waiting") return query(pool, inboxWaitingStatement, values);
  if (view === "mine") return query(pool, inboxMineStatement, [...values, operatorId]);
  return query(pool, view === "closed" ? inboxClosedStatement : inboxAllStatement, values);
}

export const inboxFoundStatement: Statement<InboxRow> = {
  name: "inbox-found",
  text: entries(
    "updated_at",
    "select * from conversations where site_id = $1 and id = any($2::uuid[]) and deleted_at is null",
  ),
};

/** Reads conversations as the inbox lists them, in any order. */
export async function readInboxEntries(
  pool: Pool,
  { siteId, ids }: { siteId: string; ids: readonly string[] },
): Promise<InboxRow[]> {
  return ids.length === 0 ? [] : query(pool, inboxFoundStatement, [siteId, ids]);
}

const counted = (where: string) =>
  `(select count(*)::int from (
      select from conversations where site_id = $1 and ${where} and deleted_at is null limit ${countedAtMost}) as counted)`;

export const inboxCountsStatement: Statement<Record<InboxView, number>> = {
  name: "inbox-counts",
  text: `
    select ${counted("handled_by = 'waiting'")} as waiting, ${counted("operator_id = $2")} as mine,
           ${counted("true")} as "all", ${counted("closed_at is not null")} as closed`,
};

/** Counts the conversations of each view, up to a hundred. */
export async function countInbox(pool: Pool, siteId: string, operatorId: string): Promise<Record<InboxView, number>> {
  const [counts] = await query(pool, inboxCountsStatement, [siteId, operatorId]);
  return counts ?? { waiting: 0, mine: 0, all: 0, closed: 0 };
}
