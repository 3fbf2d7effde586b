import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { isThreadClash } from "../conversations/threads.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import { type EarlierSubmission, findByIdempotencyHash, forgetIdempotencyKey } from "./submissions.ts";
import {
  type Accepted,
  appendMessage,
  firstEventSeq,
  type FollowingMessage,
  insertConversation,
  type NewConversation,
  turnToReplace,
} from "./submit.ts";

/** Result of one try to accept a message. Nothing was written unless it is `accepted`. */
export type SubmitOutcome =
  | ({ type: "accepted" } & Accepted)
  | { type: "repeat"; earlier: EarlierSubmission }
  | { type: "refused"; refusal: SubmitRefusal }
  /** Another transaction removed the obstacle before it could be named: the next try may succeed. */
  | { type: "changed" };

export type SubmitRefusal =
  | { reason: "deleted" | "other_visitor" | "blocked" | "too_many_unanswered" | "too_many_unheard" | "thread_taken" }
  /** About the message that was to be replaced. */
  | { reason: "nothing_to_replace" | "already_replaced" | "reply_open" }
  | { reason: "over_quota"; windowLeftMs: number };

/** Accepts the first message of a conversation. */
export async function storeFirstMessage(pool: Pool, row: NewConversation): Promise<SubmitOutcome> {
  try {
    const accepted = await insertConversation(pool, row);
    if (accepted) {
      return { type: "accepted", ...accepted, head: true, eventSeq: firstEventSeq, handledBy: "ai", operator: null };
    }
  } catch (error) {
    if (isThreadClash(error)) return { type: "refused", refusal: { reason: "thread_taken" } };
    throw error;
  }
  const earlier = await findRepeat(pool, row.idempotencyHash);
  if (earlier) return { type: "repeat", earlier };
  const { siteId, visitorHash } = row;
  const blocked = visitorHash !== null && (await isBlocked(pool, siteId, visitorHash));
  return blocked ? { type: "refused", refusal: { reason: "blocked" } } : { type: "changed" };
}

export const isBlockedStatement: Statement<{ blocked: boolean }> = {
  name: "is-blocked",
  text: "select exists (select from blocked_visitors where site_id = $1 and visitor_hash = $2) as blocked",
};

async function isBlocked(pool: Pool, siteId: string, visitorHash: Buffer): Promise<boolean> {
  const [row] = await query(pool, isBlockedStatement, [siteId, visitorHash]);
  return row?.blocked ?? false;
}

/** Accepts a message of an existing conversation. */
export async function storeFollowingMessage(pool: Pool, row: FollowingMessage): Promise<SubmitOutcome> {
  const accepted = await appendMessage(pool, row).catch((error: unknown) => {
    // The same key, twice at once: the other one was faster.
    if (isIdempotencyClash(error)) return undefined;
    throw error;
  });
  if (accepted) return { type: "accepted", ...accepted };
  const earlier = await findRepeat(pool, row.idempotencyHash);
  if (earlier) return { type: "repeat", earlier };
  const refusal = await readRefusal(pool, row);
  return refusal ? { type: "refused", refusal } : { type: "changed" };
}

/** Finds what was accepted under a key. Frees the key if it has expired. */
export async function findRepeat(pool: Pool, idempotencyHash: Buffer | null): Promise<EarlierSubmission | undefined> {
  const earlier = idempotencyHash ? await findByIdempotencyHash(pool, idempotencyHash) : undefined;
  if (!earlier?.stale) return earlier;
  await forgetIdempotencyKey(pool, earlier.jobId);
  return undefined;
}

export interface ConversationState extends Columns<"conversations", "visitor_hash" | "handled_by" | "unheard"> {
  deleted: boolean;
  blocked: boolean;
  unanswered: number;
  /** Messages in its current window; 0 when the window is over. */
  windowMessages: number;
  /** Milliseconds until that window ends. */
  windowLeftMs: number;
  /** Null: it has no such message of the visitor. */
  replacedTurn: number | null;
  alreadyReplaced: boolean;
}

export const conversationStateStatement: Statement<ConversationState> = {
  name: "conversation-state",
  text: `
    select deleted_at is not null as deleted, visitor_hash as "visitorHash", cardinality(open_jobs) as unanswered,
           handled_by as "handledBy", unheard, blocked_at is not null or exists (
             select from blocked_visitors where site_id = conversations.site_id and visitor_hash = conversations.visitor_hash
           ) as blocked,
           case when window_began_at > now() - $2::interval then window_messages else 0 end as "windowMessages",
           greatest(0, extract(epoch from window_began_at + $2::interval - now()) * 1000)::float8 as "windowLeftMs",
           "replacedTurn", coalesce("replacedTurn" = any(replaced_turns), false) as "alreadyReplaced"
    from conversations cross join lateral (select ${turnToReplace("$3", "conversations.id")} as "replacedTurn") as replaced
    where id = $1 and site_id = $4`,
};

type Pace = Pick<FollowingMessage["pace"], "windowMs">;

/** Reads why a conversation would refuse a message. */
export async function readConversationState(
  pool: Pool,
  {
    conversationId,
    siteId,
    replaces = null,
    pace,
  }: Pick<FollowingMessage, "conversationId" | "siteId" | "replaces"> & { pace: Pace },
): Promise<ConversationState | undefined> {
  const [row] = await query(pool, conversationStateStatement, [
    conversationId,
    `${pace.windowMs} ms`,
    replaces,
    siteId,
  ]);
  return row;
}

/** Names the obstacle; in the order of the conditions that a client can do least about. */
async function readRefusal(pool: Pool, row: FollowingMessage): Promise<SubmitRefusal | undefined> {
  const state = await readConversationState(pool, row);
  if (!state || state.deleted) return { reason: "deleted" };
  if (state.visitorHash && !mayWrite(row, state.visitorHash)) return { reason: "other_visitor" };
  if (state.blocked) return { reason: "blocked" };
  const replaces = (row.replaces ?? null) !== null;
  if (replaces && state.replacedTurn === null) return { reason: "nothing_to_replace" };
  if (state.alreadyReplaced) return { reason: "already_replaced" };
  const { windowMessages, windowLeftMs, unanswered } = state;
  if (windowMessages >= row.pace.maxMessages) return { reason: "over_quota", windowLeftMs };
  if (state.handledBy !== "ai") {
    if (state.unheard >= row.maxUnheard) return { reason: "too_many_unheard" };
  } else if (unanswered >= row.maxUnanswered) return { reason: "too_many_unanswered" };
  return replaces && unanswered > 0 ? { reason: "reply_open" } : undefined;
}

function mayWrite({ visitorHash, formerVisitorHash, idAlone }: FollowingMessage, owner: Buffer): boolean {
  if (!visitorHash) return idAlone !== true;
  return owner.equals(visitorHash) || formerVisitorHash?.equals(owner) === true;
}

export function isIdempotencyClash(error: unknown): boolean {
  return error instanceof Error && "constraint" in error && error.constraint === "jobs_idempotency_hash";
}
