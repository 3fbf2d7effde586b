import { createHash } from "node:crypto";
import { v4, v7, validate, version } from "uuid";
import {
  appendMessage,
  type EarlierSubmission,
  type FollowingMessage,
  findByIdempotencyHash,
  forgetIdempotencyKey,
  type ImportedMessage,
  insertConversation,
  type NewConversation,
  isIdempotencyClash,
  type NewMessage,
  readConversationState,
} from "../../../shared/db/jobs/submit.ts";
import { isDiscarded, isThreadClash } from "../../../shared/db/conversations/threads.ts";
import { Problem, type Quota } from "../../../shared/errors.ts";
import type { JobStatus } from "../../../shared/protocol/job.ts";
import type { SubmitRequest } from "../../../shared/protocol/submit.ts";
import { checkChoices, refuse } from "./check-choices.ts";
import type { ApiContext } from "../api-context.ts";
import { isOf, type Visitor } from "../access/identity.ts";
import { overQuota } from "../limits/over-quota.ts";
import { windowSecondsOf } from "../limits/rate-limits.ts";

export interface Submission {
  jobId: string;
  conversationId: string;
  messageId: string;
  status: JobStatus;
}

interface SubmitOptions {
  /**
   * The conversation of the message, already checked against the sender's credentials. Absent: a new one is created.
   */
  conversationId: string | undefined;
  idempotencyKey: string | undefined;
  requestId: string;
  /** The `traceparent` of the request. */
  trace: string | undefined;
  /** The verified visitor who owns the conversation, or will own it. */
  visitor: Visitor | undefined;
  /** See `Admitted`. */
  idAlone: boolean;
  /** Input for the bot challenge of a first message; see `Challenge`. */
  proof: { answer: string | undefined; address: string };
}

/** Limits a conversation like an address, because one token may be used from many addresses. */
function quotaOf({ config }: ApiContext): Quota {
  return { name: "conversation", limit: config.RATE_LIMIT_MAX_REQUESTS, windowSeconds: windowSecondsOf(config) };
}

const maxUnanswered = 5;
/** A slot is free when the oldest reply ends; most take seconds. */
const unansweredRetrySeconds = 5;
const backlogRetrySeconds = 10;

/**
 * Accepts a message: when this resolves, the message and its job are committed. A repeated idempotency key returns the
 * earlier job.
 * @throws {Problem} when it is not accepted; then nothing was written
 */
export async function submitMessage(
  context: ApiContext,
  body: SubmitRequest,
  options: SubmitOptions,
): Promise<Submission> {
  const { conversationId, requestId, trace, visitor } = options;
  const thread = await checkChoices(context, body, visitor);
  const hashes = hashKey(body, options);
  // Answer a repeat before any limit applies.
  if (await context.backlog.isFull()) {
    const repeat = await findRepeat(context, hashes);
    if (repeat) return repeat;
    throw new Problem(
      "backlog",
      "The queue is full: too many messages are waiting for a reply. Try again in a few seconds.",
      {
        retryAfterSeconds: backlogRetrySeconds,
      },
    );
  }
  if (conversationId === undefined && visitor === undefined && context.challenge) {
    // The first try used up the answer to the challenge, so a repeat cannot bring a valid one.
    const repeat = await findRepeat(context, hashes);
    if (repeat) return repeat;
    await context.challenge.check(options.proof.answer, options.proof.address);
  }
  const visitorHash = visitor?.hash ?? null;
  const row = { messageId: v7(), jobId: v7(), text: body.message, requestId, trace, visitorHash, ...hashes };
  const shown = { formerVisitorHash: visitor?.formerHash ?? null, idAlone: options.idAlone };
  const accepted =
    conversationId === undefined
      ? await startConversation(context, body, { ...row, thread })
      : await continueConversation(context, body, { ...row, ...shown, conversationId });
  if (accepted) return accepted;
  const repeat = await findRepeat(context, hashes);
  if (repeat) return repeat;
  if (conversationId !== undefined) await explainRefusal(context, conversationId, options);
  // The key expired, or a slot became free, between the two reads: the message now counts as new.
  return submitMessage(context, body, options);
}

type FirstMessage = Omit<NewMessage, "conversationId"> & Pick<NewConversation, "thread">;

async function startConversation(
  { db, dispatcher }: ApiContext,
  body: SubmitRequest,
  row: FirstMessage,
): Promise<Submission | undefined> {
  // Fully random (v4), because in open mode the id alone grants access.
  const conversationId = v4();
  const history = importHistory(body);
  if (row.thread && (await isDiscarded(db.pool, row.thread))) refuse("threadId", "it belonged to another conversation");
  const accepted = await insertConversation(db.pool, {
    ...row,
    conversationId,
    assistantType: body.assistantType ?? "default",
    provider: body.provider ?? null,
    metadata: body.metadata ?? {},
    history,
    turn: (history.at(-1)?.turn ?? 0) + 1,
  }).catch((error: unknown) => {
    if (isThreadClash(error)) refuse("threadId", "it belongs to another conversation");
    throw error;
  });
  if (!accepted) return undefined;
  dispatcher.push(row.jobId);
  return { jobId: row.jobId, conversationId, messageId: row.messageId, status: "queued" };
}

async function continueConversation(
  context: ApiContext,
  body: SubmitRequest,
  row: NewMessage & Pick<FollowingMessage, "formerVisitorHash" | "idAlone">,
): Promise<Submission | undefined> {
  const { limit, windowSeconds } = quotaOf(context);
  const accepted = await appendMessage(context.db.pool, {
    ...row,
    assistantType: body.assistantType ?? null,
    provider: body.provider ?? null,
    metadata: body.metadata ?? null,
    maxUnanswered,
    pace: { maxMessages: limit, windowMs: windowSeconds * 1000 },
  }).catch((error: unknown) => {
    if (isIdempotencyClash(error)) return undefined;
    throw error;
  });
  if (!accepted) return undefined;
  if (accepted.head) context.dispatcher.push(row.jobId);
  const { jobId, conversationId, messageId } = row;
  return { jobId, conversationId, messageId, status: "queued" };
}

/** Returns the earlier turns in array order. A reply shares the turn of the message right before it. */
function importHistory({ history = [] }: SubmitRequest): ImportedMessage[] {
  let turn = 0;
  return history.map(({ text, sender, timestamp }, index) => {
    const answers = sender === "ai" && history[index - 1]?.sender === "user";
    if (!answers) turn += 1;
    return { id: v7(), turn, sender, text, timestamp };
  });
}

interface KeyHashes {
  idempotencyHash: Buffer | null;
  requestHash: Buffer | null;
}

/** Stores a key as a hash only: on a first message the key opens the conversation, so it is as secret as the token. */
function hashKey(body: SubmitRequest, options: SubmitOptions): KeyHashes {
  const { conversationId, idempotencyKey: key, visitor } = options;
  if (key === undefined) return { idempotencyHash: null, requestHash: null };
  if (conversationId === undefined && !(validate(key) && version(key) === 4)) {
    const message = "on the first message of a conversation it must be a version-4 UUID";
    throw new Problem("invalid-request", `Idempotency-Key: ${message}`, {
      errors: [{ path: "Idempotency-Key", message }],
    });
  }
  // Scope keys to their visitor, so that no visitor finds another's conversation by a key. Lower case, because a
  // UUID means the same in either case.
  const first = visitor ? `first:${visitor.formerHash.toString("hex")}` : "first";
  const scoped = conversationId === undefined ? `${first}:${key.toLowerCase()}` : `${conversationId}:${key}`;
  return { idempotencyHash: sha256(scoped), requestHash: sha256(canonicalJson(body)) };
}

async function findRepeat({ db }: ApiContext, { idempotencyHash, requestHash }: KeyHashes) {
  if (!idempotencyHash || !requestHash) return undefined;
  const earlier = await findByIdempotencyHash(db.pool, idempotencyHash);
  if (!earlier) return undefined;
  if (earlier.stale) {
    await forgetIdempotencyKey(db.pool, earlier.jobId);
    return undefined;
  }
  return repeatOf(earlier, requestHash);
}

function repeatOf(earlier: EarlierSubmission, requestHash: Buffer): Submission {
  if (earlier.deleted) throw new Problem("not-found", "This conversation was deleted.");
  if (!earlier.requestHash?.equals(requestHash)) {
    throw new Problem("idempotency-conflict", "Use a new Idempotency-Key for a new message.");
  }
  const { jobId, conversationId, messageId, status } = earlier;
  return { jobId, conversationId, messageId, status };
}

async function explainRefusal(
  context: ApiContext,
  conversationId: string,
  { visitor, idAlone }: Pick<SubmitOptions, "visitor" | "idAlone">,
): Promise<void> {
  const quota = quotaOf(context);
  const state = await readConversationState(context.db.pool, conversationId, quota.windowSeconds * 1000);
  if (!state || state.deleted) throw new Problem("not-found", "This conversation no longer exists.");
  if (state.visitorHash && (visitor ? !isOf(visitor, state.visitorHash) : idAlone)) {
    throw new Problem("forbidden", "This conversation now belongs to another visitor.");
  }
  if (state.windowMessages >= quota.limit) {
    throw overQuota(quota, "in this conversation", Math.max(1, Math.ceil(state.windowLeftMs / 1000)));
  }
  if (state.unanswered >= maxUnanswered) {
    throw new Problem(
      "too-many-unanswered",
      `${maxUnanswered} messages of this conversation are waiting for a reply. Wait for one of the replies before you send another message.`,
      { retryAfterSeconds: unansweredRetrySeconds },
    );
  }
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Equal for equal values, regardless of the order of their keys. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === "object" && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
