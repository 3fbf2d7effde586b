import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { ActionCard } from "../../protocol/actions/action-card.ts";
import type { HandledBy } from "../../protocol/handling.ts";
import {
  type MessageRow,
  messagePageStatement,
  messagePlaceStatement,
  type OperatorName,
  operatorOf,
} from "../conversations/conversations.ts";
import { cardsOfConversation } from "../actions/cards.ts";
import { countOfPassages } from "../replies/reply-passages.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** Newest jobs, stretches and notes that are read. */
const newestRead = 100;

/** Times inside lists are JSON: PostgreSQL's notation, which `Date` parses. */
type Listed<Row> = { [Name in keyof Row]: Date extends Row[Name] ? string | Exclude<Row[Name], Date> : Row[Name] };

type ListedStretch = Listed<
  Columns<"stretches", "no" | "handled_by" | "reason" | "began_at" | "ended_at" | "rating" | "comment" | "rated_at">
> & {
  operator: string | null;
};
export type ListedNote = Listed<Columns<"notes", "id" | "text" | "created_at">> & { operator: string | null };
export type ListedJob = Listed<
  Columns<
    "jobs",
    | "id"
    | "message_id"
    | "status"
    | "handled_by"
    | "assistant_type"
    | "provider"
    | "error_code"
    | "attempt"
    | "created_at"
    | "started_at"
    | "finished_at"
    | "cost_usd"
  >
> & {
  /** Number of passages that its last attempt was made from. */
  passages: number;
};

/** A conversation as operators list it. */
export interface DeskRow extends Columns<
  "conversations",
  | "id"
  | "operator_id"
  | "waiting_since"
  | "closed_at"
  | "assistant_type"
  | "channel"
  | "metadata"
  | "open_jobs"
  | "updated_at"
> {
  handledBy: HandledBy;
  /** The person who answers; null unless one does. */
  operator: OperatorName | null;
  blocked: boolean;
  verifiedVisitor: boolean;
}

export interface DeskConversation extends DeskRow, Columns<"conversations", "event_seq"> {
  emailLeft: boolean;
  /** Newest first, one more than was asked for if there are more. */
  messages: Listed<MessageRow>[];
  /** Oldest first, like the next two. */
  stretches: ListedStretch[];
  notes: ListedNote[];
  jobs: ListedJob[];
  actions: ActionCard[];
}

/** Columns of `DeskRow`, from `conversations`. */
export const deskColumns = `
  conversations.id, handled_by as "handledBy", conversations.operator_id as "operatorId",
  ${operatorOf("conversations.operator_id")} as operator, waiting_since as "waitingSince", closed_at as "closedAt",
  blocked_at is not null as blocked, visitor_hash is not null as "verifiedVisitor",
  assistant_type as "assistantType", channel, metadata, open_jobs as "openJobs", updated_at as "updatedAt"`;

const nameOf = (id: string) => `(select name from operators where operators.id = ${id})`;

/** SQL for a list in JSON of the newest rows, oldest first. */
function newest(columns: string, from: string, order: string): string {
  return `(select coalesce(json_agg(listed order by ${order}), '[]') from (
      select ${columns} from ${from} where conversation_id = conversations.id order by ${order} desc limit ${newestRead}
    ) as listed)`;
}

export const deskConversationStatement: Statement<DeskConversation> = {
  name: "desk-conversation",
  // One statement reads one snapshot: the cursor is exactly as new as all that is shown with it.
  text: `
    select ${deskColumns}, event_seq as "eventSeq", handoff_email is not null as "emailLeft",
      (select coalesce(json_agg(page), '[]') from (${messagePageStatement.text}) as page) as messages,
      ${newest(
        `no, handled_by as "handledBy", reason, began_at as "beganAt", ended_at as "endedAt", rating,
         comment, rated_at as "ratedAt", ${nameOf("operator_id")} as operator`,
        "stretches",
        "no",
      )} as stretches,
      ${newest(
        `id, text, created_at as "createdAt", ${nameOf("operator_id")} as operator, created_at`,
        "notes",
        "created_at",
      )} as notes,
      ${newest(
        `id, message_id as "messageId", status, handled_by as "handledBy", assistant_type as "assistantType", provider,
         error_code as "errorCode", attempt, created_at as "createdAt", started_at as "startedAt",
         finished_at as "finishedAt", cost_usd as "costUsd", ${countOfPassages} as passages, turn`,
        "jobs",
        "turn",
      )} as jobs, ${cardsOfConversation("conversations.id")} as actions
    from conversations where id = $1 and site_id = $5 and deleted_at is null`,
};

interface Page {
  siteId: string;
  limit: number;
  /** Id of a message: only older ones. */
  before: string | undefined;
}

/**
 * Reads all that operators see of a conversation, in one snapshot.
 * @returns `undefined` if there is none; `"no_message"` if it has no such message
 */
export async function readDeskConversation(
  pool: Pool,
  id: string,
  { siteId, limit, before }: Page,
): Promise<DeskConversation | "no_message" | undefined> {
  const [place] = before === undefined ? [] : await query(pool, messagePlaceStatement, [before, id]);
  const values = [id, place?.turn ?? null, place?.sender ?? null, limit + 1, siteId];
  const [row] = await query(pool, deskConversationStatement, values);
  return row && before !== undefined && !place ? "no_message" : row;
}
