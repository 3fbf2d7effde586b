import type { Pool } from "pg";
import { v4, v7 } from "uuid";
import { asksForPerson } from "../../../shared/assistants/people.ts";
import { type OperatorName, readConversation, readOwner } from "../../../shared/db/conversations/conversations.ts";
import { isDiscarded } from "../../../shared/db/conversations/threads.ts";
import type { EarlierSubmission } from "../../../shared/db/submit/submissions.ts";
import type { FollowingMessage, ImportedMessage, NewConversation } from "../../../shared/db/submit/submit.ts";
import {
  findRepeat,
  type SubmitRefusal,
  storeFirstMessage,
  storeFollowingMessage,
  type SubmitOutcome,
} from "../../../shared/db/submit/submit-outcome.ts";
import { Problem, type Quota } from "../../../shared/errors.ts";
import { cursorOf } from "../../../shared/events/cursor.ts";
import type { Dispatcher } from "../../../shared/jobs/dispatcher.ts";
import type { ConversationChannel } from "../../../shared/protocol/conversation.ts";
import type { HandledBy } from "../../../shared/protocol/handling.ts";
import type { JobStatus } from "../../../shared/protocol/job.ts";
import type { SubmitRequest } from "../../../shared/protocol/submit.ts";
import type { VoiceContext } from "../../../shared/voices/change-of-voice.ts";
import { carryOutHandoff } from "../../../shared/voices/hand-over.ts";
import { type Backlog, fullBacklog } from "./backlog.ts";
import { checkChoices, refuse } from "./check-choices.ts";
import { hashKey, type KeyHashes } from "./idempotency-key.ts";
import { sealClaims } from "./seal-claims.ts";
import type { ApiContext } from "../api-context.ts";
import type { Visitor } from "../access/identity.ts";
import { overQuota } from "../limits/over-quota.ts";
import { windowSecondsOf } from "../limits/rate-limits.ts";

export interface Submission {
  jobId: string;
  conversationId: string;
  messageId: string;
  status: JobStatus;
  /** Place in the conversation's events, right after this message or later. */
  cursor: string;
  handledBy: HandledBy;
  operator: OperatorName | null;
}

interface SubmissionOptions {
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
  channel?: ConversationChannel;
  /** See `NewMessage`. */
  clientId?: string;
  /** Id of the conversation that a first message begins. Absent: a random one. */
  newConversationId?: string | undefined;
}

interface SubmitContext extends Pick<
  ApiContext,
  "assistants" | "challenge" | "claimsSeal" | "config" | "db" | "providers" | "siteId"
> {
  backlog: Pick<Backlog, "isFull">;
  dispatcher: Pick<Dispatcher, "push">;
  live: VoiceContext["live"];
  log: VoiceContext["log"];
}

const maxUnanswered = 5;
/** Messages in a row that a conversation takes while a person is waited for or answers. */
const maxUnheard = 20;
/** A slot is free when the oldest reply ends; most take seconds. */
const unansweredRetrySeconds = 5;
/** A person answers in minutes. */
const unheardRetrySeconds = 60;
/**
 * Maximum tries of one message. Each further one needs an obstacle that disappeared between two statements, so a third
 * is rare already.
 */
const maxTries = 3;
const changedRetrySeconds = 1;

/**
 * Accepts a message: when this resolves, the message and its job are committed. A repeated idempotency key returns the
 * earlier job.
 * @throws {Problem} when it is not accepted; then nothing was written
 */
export async function submitMessage(
  context: SubmitContext,
  body: SubmitRequest,
  options: SubmissionOptions,
): Promise<Submission> {
  const thread = await checkChoices(context, body, options.visitor);
  const hashes = hashKey(body, { ...options, siteId: context.siteId });
  const earlier = await passLimits(context, hashes, options);
  if (earlier) return repeatOf(earlier, hashes);
  const { jobId, messageId } = { jobId: v7(), messageId: v7() };
  // Fully random (v4), because in open mode the id alone grants access.
  const conversationId = options.conversationId ?? options.newConversationId ?? v4();
  const { requestId, trace, visitor, idAlone, channel, clientId } = options;
  const handoff = await findHandoff(context, body, options.conversationId);
  const claims = await sealClaims(context, { ...options, assistantType: body.assistantType, jobId });
  const noted = { requestId, trace, handoff, claims, clientId, ...hashes };
  const row = { conversationId, messageId, jobId, text: body.message, ...noted };
  const store =
    options.conversationId === undefined
      ? await firstMessage(context, body, {
          ...row,
          siteId: context.siteId,
          thread,
          channel,
          visitorHash: visitor?.hash ?? null,
        })
      : followingMessage(context, body, { ...row, siteId: context.siteId, idAlone, ...hashesOf(visitor) });
  for (let tries = 0; tries < maxTries; tries += 1) {
    const outcome = await store();
    if (outcome.type === "accepted") {
      const submission = { jobId, conversationId, messageId };
      if (outcome.handoffDue) return handOffNow(context, submission, outcome.eventSeq);
      if (outcome.head) context.dispatcher.push(jobId);
      const { handledBy, operator, eventSeq } = outcome;
      const status = handledBy === "ai" ? "queued" : "completed";
      return { ...submission, status, handledBy, operator, cursor: cursorOf(conversationId, eventSeq) };
    }
    if (outcome.type === "repeat") return repeatOf(outcome.earlier, hashes);
    if (outcome.type === "refused") throw refusalOf(outcome.refusal, quotaOf(context));
  }
  throw new Problem("unavailable", "Other requests keep changing this conversation. Send the message again.", {
    retryAfterSeconds: changedRetrySeconds,
  });
}

/**
 * Applies the limits of new messages. A repeat is no new message: it is found before a limit could refuse it, and its
 * first try has used up the answer to the challenge.
 * @returns the earlier submission of a repeat that a limit would have refused
 */
async function passLimits(
  { backlog, challenge, db }: SubmitContext,
  { idempotencyHash }: KeyHashes,
  { conversationId, visitor, proof }: SubmissionOptions,
): Promise<EarlierSubmission | undefined> {
  const challenged = conversationId === undefined && visitor === undefined ? challenge : undefined;
  const full = (await backlog.isFull()) && !(await isAnsweredByPeople(db.pool, conversationId));
  if (!full && !challenged) return undefined;
  const earlier = await findRepeat(db.pool, idempotencyHash);
  if (earlier) return earlier;
  if (full) throw fullBacklog();
  await challenged?.check(proof.answer, proof.address);
  return undefined;
}

/** True if a message adds nothing to the backlog, since people answer it. */
async function isAnsweredByPeople(pool: Pool, conversationId: string | undefined): Promise<boolean> {
  const owner = conversationId === undefined ? undefined : await readOwner(pool, conversationId);
  return owner !== undefined && owner.handledBy !== "ai";
}

/** @returns the reason for which the message hands its conversation to a person; null: it does not */
async function findHandoff(
  { assistants, db }: SubmitContext,
  { message, assistantType }: SubmitRequest,
  conversationId: string | undefined,
): Promise<"keyword" | null> {
  const asks = [...assistants].filter(([, { people }]) => asksForPerson(people, message)).map(([type]) => type);
  // Nearly all messages ask for nobody, and cost no look at the conversation.
  if (asks.length === 0) return null;
  const own =
    conversationId === undefined ? undefined : (await readConversation(db.pool, conversationId))?.assistantType;
  return asks.includes(assistantType ?? own ?? "default") ? "keyword" : null;
}

/** Hands over a conversation whose message asked for it, or whose assistant is paused. If that fails, a worker does it within seconds. */
async function handOffNow(
  context: SubmitContext,
  ids: Pick<Submission, "jobId" | "conversationId" | "messageId">,
  eventSeq: number,
): Promise<Submission> {
  const outcome = await carryOutHandoff(context, ids.conversationId).catch((error: unknown) => {
    context.log.warn({ err: error, conversationId: ids.conversationId }, "could not hand over a conversation");
    return { type: "busy" as const };
  });
  const now = outcome.type === "now" ? outcome : { handledBy: "ai" as const, operator: null, eventSeq };
  const cursor = cursorOf(ids.conversationId, eventSeq);
  return {
    ...ids,
    status: now.handledBy === "ai" ? "queued" : "completed",
    handledBy: now.handledBy,
    operator: now.operator,
    cursor,
  };
}

type ChosenByClient = "assistantType" | "provider" | "metadata" | "replaces";

async function firstMessage(
  { db }: SubmitContext,
  body: SubmitRequest,
  row: Omit<NewConversation, ChosenByClient | "history" | "turn">,
): Promise<() => Promise<SubmitOutcome>> {
  if (row.thread && (await isDiscarded(db.pool, row.thread))) refuse("threadId", "it belonged to another conversation");
  const { assistantType = "default", provider = null, metadata = {} } = body;
  const history = importHistory(body);
  const turn = (history.at(-1)?.turn ?? 0) + 1;
  return () => storeFirstMessage(db.pool, { ...row, assistantType, provider, metadata, history, turn });
}

function followingMessage(
  context: SubmitContext,
  body: SubmitRequest,
  row: Omit<FollowingMessage, ChosenByClient | "maxUnanswered" | "maxUnheard" | "pace">,
): () => Promise<SubmitOutcome> {
  const { limit, windowSeconds } = quotaOf(context);
  return () =>
    storeFollowingMessage(context.db.pool, {
      ...row,
      assistantType: body.assistantType ?? null,
      provider: body.provider ?? null,
      metadata: body.metadata ?? null,
      replaces: body.replaces ?? null,
      maxUnanswered,
      maxUnheard,
      pace: { maxMessages: limit, windowMs: windowSeconds * 1000 },
    });
}

function hashesOf(visitor: Visitor | undefined) {
  return { visitorHash: visitor?.hash ?? null, formerVisitorHash: visitor?.formerHash ?? null };
}

/** Limits a conversation like an address, because one token may be used from many addresses. */
function quotaOf({ config }: Pick<ApiContext, "config">): Quota {
  return { name: "conversation", limit: config.RATE_LIMIT_MAX_REQUESTS, windowSeconds: windowSecondsOf(config) };
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

function repeatOf(earlier: EarlierSubmission, { requestHash }: KeyHashes): Submission {
  if (earlier.deleted) throw new Problem("not-found", "This conversation was deleted.");
  if (!requestHash || !earlier.requestHash?.equals(requestHash)) {
    throw new Problem("idempotency-conflict", "Use a new Idempotency-Key for a new message.");
  }
  const { jobId, conversationId, messageId, status, eventSeq, handledBy, operator } = earlier;
  return { jobId, conversationId, messageId, status, handledBy, operator, cursor: cursorOf(conversationId, eventSeq) };
}

function refusalOf(refusal: SubmitRefusal, quota: Quota): Problem {
  switch (refusal.reason) {
    case "thread_taken": {
      const message = "it belongs to another conversation";
      return new Problem("invalid-request", `threadId: ${message}`, { errors: [{ path: "threadId", message }] });
    }
    case "nothing_to_replace": {
      const message = "this conversation has no such message that its visitor sent here";
      return new Problem("invalid-request", `replaces: ${message}`, { errors: [{ path: "replaces", message }] });
    }
    case "already_replaced":
      return new Problem("already-replaced", "Read the conversation again, and replace the message that replaced it.");
    case "reply_open":
      return new Problem(
        "reply-open",
        "Wait for the replies of this conversation, or stop them, before you replace one of its messages.",
      );
    case "deleted":
      return new Problem("not-found", "This conversation no longer exists.");
    case "other_visitor":
      return new Problem("forbidden", "This conversation now belongs to another visitor.");
    case "blocked":
      return new Problem("blocked", "The site's team takes no messages from you in this chat.");
    case "too_many_unheard":
      return new Problem(
        "too-many-unanswered",
        `${maxUnheard} messages of this conversation have had no answer yet. Wait for the person who answers before you send another message.`,
        { retryAfterSeconds: unheardRetrySeconds },
      );
    case "over_quota":
      return overQuota(quota, "in this conversation", Math.max(1, Math.ceil(refusal.windowLeftMs / 1000)));
    case "too_many_unanswered":
      return new Problem(
        "too-many-unanswered",
        `${maxUnanswered} messages of this conversation are waiting for a reply. Wait for one of the replies before you send another message.`,
        { retryAfterSeconds: unansweredRetrySeconds },
      );
  }
}
