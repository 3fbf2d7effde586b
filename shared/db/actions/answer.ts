import type { Pool } from "pg";
import type { HandledBy } from "../../protocol/handling.ts";
import { insertEvents } from "../../events/append.ts";
import type { Statement } from "../../postgres/statement.ts";
import { dueAfterMs, interval } from "../../tunables.ts";
import { type OperatorName, operatorOf } from "../conversations/conversations.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A visitor's answer to a card: it becomes a message of theirs, with a job. */
export interface ActionAnswer {
  actionId: string;
  siteId: string;
  confirm: boolean;
  /** Hash of what is confirmed; see `hashOfAction`. */
  hash: Buffer;
  messageId: string;
  jobId: string;
  text: string;
  requestId: string;
  trace: string | undefined;
  /** Sealed claims of the visitor's identity; see `ClaimsSeal`. */
  claims: Buffer | null;
}

export interface StoredAnswer {
  /** True if its job is the first open one of the conversation, to be enqueued now. */
  head: boolean;
  /** `seq` of the last event that the answer wrote. */
  eventSeq: number;
}

export const answerActionStatement: Statement<StoredAnswer> = {
  name: "answer-action",
  // The conversation's row is locked first, and says who answers; the action's row says whether it still waits. Both are
  // read in their newest version, so of an answer, another one, a take-over and the end of its time one wins.
  text: `
    with item as materialized (
      select * from json_to_record($1::json) as item("actionId" uuid, "siteId" text, confirm boolean, hash bytea,
        "messageId" uuid, "jobId" uuid, text text, "requestId" text, trace text, claims bytea)
    ), held as materialized (
      select conversations.* from item cross join lateral (
        select id, site_id, handled_by, handoff_due, visitor_hash from conversations
        where id = (select conversation_id from actions where id = item."actionId") and site_id = item."siteId"
          and deleted_at is null and blocked_at is null for no key update
      ) as conversations
    ), answered as (
      update actions
      set state = case when confirm then 'confirmed' else 'refused' end, answer_id = "jobId", answered_at = now(),
          ended_at = case when confirm then null else now() end
      from item cross join held
      where actions.id = item."actionId" and actions.hash = item.hash and state = 'waiting' and expires_at > clock_timestamp()
        and held.handled_by = 'ai' and held.handoff_due is null
        and not exists (select from blocked_visitors where site_id = held.site_id and visitor_hash = held.visitor_hash)
      returning actions.id, conversation_id, no as place
    ), moved as (
      update conversations
      set next_turn = next_turn + 1, message_count = message_count + 1, open_jobs = open_jobs || "jobId",
          event_seq = event_seq + 3, updated_at = now(), closed_at = null
      from answered cross join item where conversations.id = answered.conversation_id
      returning conversations.id, site_id, next_turn - 1 as turn, assistant_type, provider, event_seq, answered.id as action,
                "messageId", "jobId", open_jobs[1] = "jobId" as head
    ), message as (
      insert into messages (id, conversation_id, turn, sender, text)
      select moved."messageId", id, turn, 'user', text from moved cross join item
    ), job as (
      insert into jobs (id, conversation_id, message_id, turn, assistant_type, provider_override, request_id, trace, claims, due_at, action_id)
      select moved."jobId", id, moved."messageId", turn, assistant_type, provider, "requestId", trace, claims, now() + ${interval(dueAfterMs)}, action
      from moved cross join item
    ), noted as (
      ${insertEvents({ from: "moved", conversation: "moved.id", site: "site_id", seq: "event_seq", message: `"messageId"`, job: `"jobId"`, status: "'queued'", actions: "answered" })}
    )
    select head, event_seq as "eventSeq" from moved`,
};

/**
 * Stores an answer, in one statement: the state of the action, the message, its job and the events of them.
 * @returns `undefined`: the action does not wait any more, is another than `hash` says, or the AI does not have the
 * conversation; nothing was written
 */
export async function storeAnswer(pool: Pool, answer: ActionAnswer): Promise<StoredAnswer | undefined> {
  const { hash, claims, ...rest } = answer;
  const item = { ...rest, hash: `\\x${hash.toString("hex")}`, claims: claims && `\\x${claims.toString("hex")}` };
  const [stored] = await query(pool, answerActionStatement, [JSON.stringify(item)]);
  return stored;
}

/** An action with what decides whether and how it may be answered. */
export interface ActionToAnswer
  extends
    Columns<"actions", "id" | "conversation_id" | "tool" | "hash" | "arguments" | "title" | "state">,
    Columns<"conversations", "site_id" | "visitor_hash">,
    /** Assistant that proposed it. */
    Columns<"jobs", "assistant_type"> {
  deleted: boolean;
  blocked: boolean;
  /** Language of the visitor. */
  locale: string | null;
  handledBy: HandledBy;
  operator: OperatorName | null;
  /** True if the AI has the conversation, and no handoff is due. */
  answersAi: boolean;
  eventSeq: number;
  /** Job of the answer that was given; null: none was. */
  answer: Columns<"jobs", "id" | "message_id" | "status"> | null;
}

export const actionToAnswerStatement: Statement<ActionToAnswer> = {
  name: "action-to-answer",
  text: `
    select actions.id, actions.conversation_id as "conversationId", tool, hash, arguments, title,
           case when state = 'waiting' and expires_at <= now() then 'expired' else state end as state,
           conversations.site_id as "siteId", visitor_hash as "visitorHash", (select assistant_type from jobs where jobs.id = actions.job_id) as "assistantType",
           deleted_at is not null as deleted, blocked_at is not null or exists (
             select from blocked_visitors where site_id = conversations.site_id and visitor_hash = conversations.visitor_hash
           ) as blocked, metadata ->> 'locale' as locale, conversations.handled_by as "handledBy",
           ${operatorOf("conversations.operator_id")} as operator,
           conversations.handled_by = 'ai' and handoff_due is null as "answersAi", event_seq as "eventSeq",
           (select json_build_object('id', jobs.id, 'messageId', message_id, 'status', status) from jobs where jobs.id = answer_id) as answer
    from actions join conversations on conversations.id = actions.conversation_id where actions.id = $1`,
};

/** Reads an action to answer it; `undefined`: there is none. */
export async function readActionToAnswer(pool: Pool, id: string): Promise<ActionToAnswer | undefined> {
  const [row] = await query(pool, actionToAnswerStatement, [id]);
  return row;
}
