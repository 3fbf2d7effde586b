import type { Pool } from "pg";
import { isThreadClash } from "../conversations/threads.ts";
import {
  appendMessage,
  type EarlierSubmission,
  findByIdempotencyHash,
  firstEventSeq,
  type FollowingMessage,
  forgetIdempotencyKey,
  insertConversation,
  isIdempotencyClash,
  type NewConversation,
  readConversationState,
} from "./submit.ts";

/** Result of one try to accept a message. Nothing was written unless it is `accepted`. */
export type SubmitOutcome =
  /** `head`: its job is the first open one of the conversation, to be enqueued now. */
  | { type: "accepted"; head: boolean; eventSeq: number }
  | { type: "repeat"; earlier: EarlierSubmission }
  | { type: "refused"; refusal: SubmitRefusal }
  /** Another transaction removed the obstacle before it could be named: the next try may succeed. */
  | { type: "changed" };

export type SubmitRefusal =
  | { reason: "deleted" | "other_visitor" | "too_many_unanswered" | "thread_taken" }
  | { reason: "over_quota"; windowLeftMs: number };

/** Accepts the first message of a conversation. */
export async function storeFirstMessage(pool: Pool, row: NewConversation): Promise<SubmitOutcome> {
  try {
    if (await insertConversation(pool, row)) return { type: "accepted", head: true, eventSeq: firstEventSeq };
  } catch (error) {
    if (isThreadClash(error)) return { type: "refused", refusal: { reason: "thread_taken" } };
    throw error;
  }
  const earlier = await findRepeat(pool, row.idempotencyHash);
  return earlier ? { type: "repeat", earlier } : { type: "changed" };
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

/** Names the obstacle; in the order of the conditions that a client can do least about. */
async function readRefusal(pool: Pool, row: FollowingMessage): Promise<SubmitRefusal | undefined> {
  const state = await readConversationState(pool, row.conversationId, row.pace.windowMs);
  if (!state || state.deleted) return { reason: "deleted" };
  if (state.visitorHash && !mayWrite(row, state.visitorHash)) return { reason: "other_visitor" };
  const { windowMessages, windowLeftMs, unanswered } = state;
  if (windowMessages >= row.pace.maxMessages) return { reason: "over_quota", windowLeftMs };
  return unanswered >= row.maxUnanswered ? { reason: "too_many_unanswered" } : undefined;
}

function mayWrite({ visitorHash, formerVisitorHash, idAlone }: FollowingMessage, owner: Buffer): boolean {
  if (!visitorHash) return idAlone !== true;
  return owner.equals(visitorHash) || formerVisitorHash?.equals(owner) === true;
}
