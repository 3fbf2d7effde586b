import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { interval, keptSuggestionMs, suggestionMs } from "../../tunables.ts";
import type { ReplySourceView } from "../../protocol/knowledge/reply-source.ts";
import type { SuggestionError } from "../../protocol/people/suggestions.ts";
import { type CallSettlement, charged, settled, settlementColumns, settlementItem } from "../jobs/calls.ts";
import { type ClaimedJob, maxPromptMessages } from "../jobs/claim.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import { isPaused } from "../voices/assistant-pauses.ts";

/** Suggestions that an operator may ask for in a minute. */
export const maxSuggestionsAMinute = 10;

interface Asking {
  id: string;
  siteId: string;
  conversationId: string;
  operatorId: string;
}

/** Outcome of asking. `id` is null unless there is a suggestion now. */
export interface AskedRow extends Columns<"conversations", "handled_by" | "operator_id"> {
  id: string | null;
  paused: boolean;
  /** True if the visitor has written something that can be answered. */
  hasQuestion: boolean;
}

export const askSuggestionStatement: Statement<AskedRow> = {
  name: "ask-suggestion",
  // One that is under way is not asked for twice.
  text: `
    with conversation as materialized (
      select id, handled_by, operator_id, ${isPaused("conversations.site_id", "conversations.assistant_type")} as paused,
             exists (select from messages where conversation_id = conversations.id and sender = 'user' and not imported) as question
      from conversations where id = $3 and site_id = $2 and deleted_at is null
    ), open as (
      select suggestions.id from suggestions join conversation on conversation_id = conversation.id
      where suggestions.operator_id = $4 and state in ('asked', 'claimed') and expires_at > now()
      order by asked_at desc limit 1
    ), asked as (
      insert into suggestions (id, site_id, conversation_id, operator_id, expires_at)
      select $1::uuid, $2, id, $4, now() + ${interval(suggestionMs)} from conversation
      where handled_by = 'operator' and operator_id = $4::uuid and not paused and question and not exists (select from open)
        and (select count(*) from suggestions where operator_id = $4 and asked_at > now() - interval '1 min') < ${maxSuggestionsAMinute}
      returning id
    )
    select coalesce(asked.id, open.id) as id, handled_by as "handledBy", conversation.operator_id as "operatorId", paused,
           question as "hasQuestion"
    from conversation left join asked on true left join open on true`,
};

/**
 * Asks the assistant for a draft of an answer; again, while one is under way: the same one.
 * @returns `undefined`: there is no such conversation
 */
export async function askSuggestion(pool: Pool, { id, siteId, conversationId, operatorId }: Asking) {
  const [row] = await query(pool, askSuggestionStatement, [id, siteId, conversationId, operatorId]);
  return row;
}

/** A suggestion as its operator reads it. */
export interface SuggestionRow extends Columns<"suggestions", "text"> {
  state: "writing" | "done" | "failed";
  sources: ReplySourceView[] | null;
  errorCode: SuggestionError | null;
}

export const readSuggestionStatement: Statement<SuggestionRow> = {
  name: "read-suggestion",
  // One that is not there in time has died with its worker.
  text: `
    select case when state in ('done', 'failed') then state when expires_at < now() then 'failed' else 'writing' end as state,
           case when state in ('asked', 'claimed') and expires_at < now() then 'lost' else error_code end as "errorCode", text, sources
    from suggestions where id = $1 and conversation_id = $2 and operator_id = $3 and site_id = $4`,
};

/** @returns `undefined`: there is no such suggestion of this operator, or no more */
export async function readSuggestion(
  pool: Pool,
  { id, siteId, conversationId, operatorId }: Asking,
): Promise<SuggestionRow | undefined> {
  const [row] = await query(pool, readSuggestionStatement, [id, conversationId, operatorId, siteId]);
  return row;
}

/** A suggestion to be written, with what the assistant is shown. */
export type ClaimedSuggestion = Pick<
  ClaimedJob,
  "id" | "conversationId" | "siteId" | "assistantType" | "providerOverride" | "metadata" | "knowsSite" | "history"
> & {
  /** Milliseconds that are left for it. */
  leftMs: number;
};

export const claimSuggestionStatement: Statement<ClaimedSuggestion> = {
  name: "claim-suggestion",
  // The prompt ends with the visitor's newest message, also where a person has written after it.
  text: `
    with next as (
      select id from suggestions where state = 'asked' and expires_at > now() order by asked_at limit 1 for update skip locked
    ), claimed as (
      update suggestions set state = 'claimed' from next where suggestions.id = next.id
      returning suggestions.id, conversation_id, expires_at
    )
    select claimed.id, conversations.id as "conversationId", site_id as "siteId", assistant_type as "assistantType",
           provider as "providerOverride", metadata,
           exists (select from knowledge_bases where site_id = conversations.site_id) as "knowsSite",
           (extract(epoch from expires_at - now()) * 1000)::float8 as "leftMs",
           (select coalesce(json_agg(json_build_object('sender', sender, 'text', text, 'imported', imported)
                                     order by turn, sender desc), '[]')
            from (select turn, sender, text, imported from messages
                  where conversation_id = conversations.id and turn <> all(replaced_turns)
                    and (turn < asked.turn or turn = asked.turn and sender = 'user')
                  order by turn desc, sender limit ${maxPromptMessages}) as newest) as history
    from claimed join conversations on conversations.id = claimed.conversation_id
         cross join lateral (
           select max(turn) as turn from messages where conversation_id = conversations.id and sender = 'user' and not imported
         ) as asked
    where handled_by = 'operator' and deleted_at is null
      and not ${isPaused("conversations.site_id", "conversations.assistant_type")}`,
};

/** Claims the oldest suggestion that nobody writes; another worker never gets the same. */
export async function claimSuggestion(pool: Pool): Promise<ClaimedSuggestion | undefined> {
  const [row] = await query(pool, claimSuggestionStatement, []);
  return row;
}

/** The end of a suggestion: its text with its sources, or why there is none. */
export interface SuggestionEnd {
  text?: string;
  sources?: readonly ReplySourceView[];
  errorCode?: SuggestionError;
  /** The call that gave it. */
  call?: CallSettlement | undefined;
}

export const endSuggestionStatement: Statement<Columns<"suggestions", "id">> = {
  name: "end-suggestion",
  text: `
    with item as materialized (
      select * from json_to_record($1::json) as item(id uuid, text text, sources jsonb, "suggestionError" text, ${settlementColumns})
    ), ${settled}, ${charged}
    update suggestions
    set state = case when item.text is null then 'failed' else 'done' end, text = item.text, sources = item.sources,
        error_code = "suggestionError"
    from item where suggestions.id = item.id and state = 'claimed'
    returning suggestions.id`,
};

/** Stores a suggestion, and settles its call, whatever has become of the suggestion. */
export async function endSuggestion(pool: Pool, id: string, { call, errorCode, ...end }: SuggestionEnd): Promise<void> {
  const item = { ...end, id, suggestionError: errorCode, ...settlementItem(call) };
  await query(pool, endSuggestionStatement, [JSON.stringify(item)]);
}

export const dropSuggestionsStatement: Statement = {
  name: "drop-suggestions",
  text: `delete from suggestions where asked_at < now() - ${interval(keptSuggestionMs)}`,
};

/** Drops suggestions that nobody needs any more. */
export async function dropSuggestions(pool: Pool): Promise<void> {
  await query(pool, dropSuggestionsStatement, []);
}
