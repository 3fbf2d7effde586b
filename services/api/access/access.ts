import type { Request } from "express";
import { type ConversationOwner, readOwner } from "../../../shared/db/conversations/conversations.ts";
import { type ActionToAnswer, readActionToAnswer } from "../../../shared/db/actions/answer.ts";
import { type OwnedMessage, readMessageOwner } from "../../../shared/db/conversations/feedback.ts";
import { type JobRow, readJob } from "../../../shared/db/jobs/read-job.ts";
import { replaceFormerHash } from "../../../shared/db/conversations/visitors.ts";
import { Problem } from "../../../shared/errors.ts";
import { identityHeader } from "../../../shared/protocol/headers.ts";
import { id } from "../../../shared/protocol/submit.ts";
import type { ApiContext } from "../api-context.ts";
import { isOf, type Visitor } from "./identity.ts";
import { countRequest } from "../middleware/count-requests.ts";
import { noteIds } from "../middleware/request-id.ts";

// Order matters: 1. verify credentials, 2. count against the rate limit, 3. read rows. Unauthorised callers cannot
// tell which ids exist.

/** The parts of the API that decide who may see a row. */
export type AccessContext = Pick<ApiContext, "config" | "tokens" | "identities" | "limits" | "db" | "log" | "siteId">;

const gone = () => new Problem("not-found", "This conversation no longer exists.");
const forbidden = () =>
  new Problem("forbidden", "Use the token that came with this conversation, or the identity of its visitor.");

/** Reads the owner of a conversation of this site. One of another site does not exist here. */
export async function readOwnerHere(
  { db, siteId }: Pick<AccessContext, "db" | "siteId">,
  conversationId: string,
): Promise<ConversationOwner | undefined> {
  const owner = await readOwner(db.pool, conversationId);
  return owner?.siteId === siteId ? owner : undefined;
}

/** Verified credentials of a request that was counted. */
export interface Holder {
  /** Open mode: an id alone grants access to conversations without a verified visitor. */
  open: boolean;
  /** The conversation named by the request's token. */
  conversationId: string | undefined;
  visitor: Visitor | undefined;
}

/**
 * Verifies the credentials of a request, then counts it as a read.
 * @throws {Problem} 401 before it is counted, 429
 */
export async function authenticate(context: AccessContext, req: Request): Promise<Holder> {
  const holder = await readHolder(context, req);
  await countRequest(context.limits.reads, req);
  return holder;
}

/**
 * Verifies the credentials of a request that needs none.
 * @throws {Problem} 401 for those that do not verify
 */
export async function readCredentials(context: AccessContext, req: Request): Promise<Omit<Holder, "open">> {
  if (req.get("Authorization") !== undefined) return readHolder(context, req);
  return { conversationId: undefined, visitor: await readVisitor(context, req) };
}

/** A conversation whose row was just read. */
export type OpenedConversation = Pick<
  ConversationOwner,
  "id" | "pageVersion" | "eventSeq" | "handledBy" | "operator" | "stretch"
>;

/**
 * Authorises access to a conversation, and counts the request.
 * @throws {Problem} 400 for an id that is no UUID, 401, 403, 429; 404 once it is deleted
 */
export async function openConversation(
  context: AccessContext,
  req: Request,
  conversationId: unknown,
): Promise<OpenedConversation> {
  const wanted = parseConversationId(conversationId);
  const holder = await readHolder(context, req);
  if (!mightOpen(holder, wanted)) throw forbidden();
  noteIds(req, { conversationId: wanted });
  await countRequest(context.limits.reads, req);
  const owner = await readOwnerHere(context, wanted);
  await admit(context, holder, { conversationId: wanted, visitorHash: owner?.visitorHash ?? null });
  if (!owner || owner.deleted) throw gone();
  const { pageVersion, eventSeq, handledBy, operator, stretch } = owner;
  return { id: wanted, pageVersion, eventSeq, handledBy, operator, stretch };
}

/**
 * Authorises access to a job through its conversation, and counts the request.
 * @throws {Problem} 400 for an id that is no UUID, 401, 403, 429; 404 once its conversation is deleted
 */
export async function openJob(context: AccessContext, req: Request, jobId: unknown): Promise<JobRow> {
  const wanted = parseJobId(jobId);
  const holder = await authenticate(context, req);
  return authorizeJob(context, req, holder, await readJob(context.db.pool, wanted));
}

/** @throws {Problem} 400 for an id that is no UUID */
export function parseConversationId(conversationId: unknown): string {
  return parseId("conversationId", conversationId);
}

/** @throws {Problem} 400 for an id that is no UUID */
export function parseJobId(jobId: unknown): string {
  return parseId("jobId", jobId);
}

/** @throws {Problem} 400 for an id that is no UUID */
export function parseSourceId(sourceId: unknown): string {
  return parseId("id", sourceId);
}

/**
 * Authorises access to a job's row, read after {@link authenticate}, through its conversation.
 * @param found `undefined` if there is no such row
 * @throws {Problem} 403, also where 404 would tell which ids exist; 404 once the conversation is deleted
 */
export async function authorizeJob(
  context: Pick<AccessContext, "db" | "log" | "siteId">,
  req: Request,
  holder: Holder,
  found: JobRow | undefined,
): Promise<JobRow> {
  const job = found?.siteId === context.siteId ? found : undefined;
  if (job) await admit(context, holder, job);
  else if (!holder.open) throw forbidden();
  if (!job || job.conversationDeleted) throw gone();
  noteIds(req, { jobId: job.id, conversationId: job.conversationId });
  return job;
}

/**
 * Authorises access to a message through its conversation, and counts the request. Deleting a conversation removes its
 * messages, so afterwards only its token can show that it was deleted.
 */
export async function openMessage(context: AccessContext, req: Request, messageId: unknown): Promise<OwnedMessage> {
  const wanted = parseId("id", messageId);
  const holder = await authenticate(context, req);
  const { pool } = context.db;
  const [message, own] = await Promise.all([
    readMessageOwner(pool, { messageId: wanted, siteId: context.siteId }),
    holder.conversationId === undefined ? undefined : readOwnerHere(context, holder.conversationId),
  ]);
  if (!message && own?.deleted) throw gone();
  if (message) await admit(context, holder, message);
  else if (!holder.open) throw forbidden();
  if (!message) throw gone();
  noteIds(req, { conversationId: message.conversationId });
  return message;
}

/**
 * Authorises an answer to an action through its conversation, and counts it like a message, which it becomes.
 * @returns also the verified visitor who sends it; an identity opens no conversation of another visitor
 * @throws {Problem} as {@link openMessage}
 */
export async function openAction(
  context: AccessContext,
  req: Request,
  actionId: unknown,
): Promise<{ action: ActionToAnswer; visitor: Visitor | undefined }> {
  const wanted = parseId("id", actionId);
  const holder = await readHolder(context, req);
  await countRequest(context.limits.submissions, req);
  const [found, own] = await Promise.all([
    readActionToAnswer(context.db.pool, wanted),
    holder.conversationId === undefined ? undefined : readOwnerHere(context, holder.conversationId),
  ]);
  const action = found?.siteId === context.siteId ? found : undefined;
  if (!action && own?.deleted) throw gone();
  if (action) await admit(context, holder, action);
  else if (!holder.open) throw forbidden();
  if (!action || action.deleted) throw gone();
  noteIds(req, { conversationId: action.conversationId });
  return { action, visitor: holder.visitor };
}

/** Credentials of the sender of a message. */
interface Admitted {
  /** The visitor vouched for by the embedding site, if any. */
  visitor: Visitor | undefined;
  /**
   * True if the request brought only the conversation's id. In open mode that is enough, until a visitor owns the
   * conversation.
   */
  idAlone: boolean;
}

/**
 * Authorises a submission, and counts it. The statement that writes the message decides whether the conversation still
 * accepts messages.
 * @param conversationId absent for a new conversation
 */
export async function admitSubmission(
  context: AccessContext,
  req: Request,
  conversationId: string | undefined,
): Promise<Admitted> {
  const { config, limits } = context;
  const holder = conversationId === undefined ? undefined : await readHolder(context, req);
  const visitor = holder ? holder.visitor : await readVisitor(context, req);
  if (visitor === undefined && config.IDENTITY === "required") throw identityRequired();
  if (holder && conversationId !== undefined && !mightOpen(holder, conversationId)) throw forbidden();
  await countRequest(limits.submissions, req);
  if (!holder || conversationId === undefined) return { visitor, idAlone: false };
  const idAlone = visitor === undefined && holder.conversationId !== conversationId;
  if (visitor || idAlone) {
    const owner = await readOwnerHere(context, conversationId);
    await admit(context, holder, { conversationId, visitorHash: owner?.visitorHash ?? null });
  }
  return { visitor, idAlone };
}

/** Authorises verified visitors to read their own data, and counts the request. */
export async function requireVisitor(context: AccessContext, req: Request): Promise<Visitor> {
  const visitor = await readVisitor(context, req);
  if (visitor === undefined) throw identityRequired();
  await countRequest(context.limits.reads, req);
  return visitor;
}

async function readHolder(context: AccessContext, req: Request): Promise<Holder> {
  const visitor = await readVisitor(context, req);
  const token = bearer(req);
  const conversationId = token === undefined ? undefined : await context.tokens.verify(token);
  if (context.config.CONVERSATION_ACCESS === "open") return { open: true, conversationId, visitor };
  if (conversationId === undefined && visitor === undefined) {
    const problem = token === undefined ? "is missing" : "does not verify: it is malformed, expired or not from here";
    throw new Problem("unauthorized", `Authorization: Bearer <token> ${problem}. The token comes with POST /api/chat.`);
  }
  return { open: false, conversationId, visitor };
}

/** Refuses an invalid identity even beside a valid token: its sender is not who they claim to be. */
async function readVisitor(
  { identities }: Pick<AccessContext, "identities">,
  req: Request,
): Promise<Visitor | undefined> {
  const header = req.get(identityHeader);
  return header === undefined ? undefined : identities.verify(header);
}

/** Decides whether reading the row can help: only a visitor's ownership is unknown before it. */
function mightOpen({ open, conversationId, visitor }: Holder, wanted: string): boolean {
  return open || conversationId === wanted || visitor !== undefined;
}

/** @throws {Problem} 403 unless the request's credentials open this conversation */
async function admit(
  context: Pick<AccessContext, "db" | "log">,
  holder: Holder,
  { conversationId, visitorHash }: { conversationId: string; visitorHash: Buffer | null },
): Promise<void> {
  if (!mayOpen(holder, conversationId, visitorHash)) throw forbidden();
  if (holder.visitor && visitorHash?.equals(holder.visitor.formerHash)) await storePresentHash(context, holder.visitor);
}

/**
 * Updates rows of earlier versions to the present hash of their visitor. If the write fails, the visitor is still found
 * by the former hash.
 */
export async function storePresentHash(
  { db, log }: Pick<AccessContext, "db" | "log">,
  visitor: Visitor,
): Promise<void> {
  await replaceFormerHash(db.pool, visitor).catch((error: unknown) => {
    log.debug({ err: error }, "could not replace the previous hash of a visitor");
  });
}

/**
 * A visitor's identity opens everything of that visitor and nothing of another, whatever token accompanies it: on a
 * shared computer the token of an earlier user may remain. A token alone acts for the visitor who received it, because
 * an `EventSource` cannot send an identity. An id alone never opens a visitor's conversation, even in open mode.
 */
function mayOpen({ open, conversationId, visitor }: Holder, wanted: string, visitorHash: Buffer | null): boolean {
  if (visitor && visitorHash) return isOf(visitor, visitorHash);
  return conversationId === wanted || (open && visitorHash === null);
}

function identityRequired(): Problem {
  return new Problem("identity-required", `Send ${identityHeader}, signed by the embedding site.`);
}

function parseId(path: string, value: unknown): string {
  const parsed = id.safeParse(value);
  if (parsed.success) return parsed.data;
  const message = "must be a UUID";
  throw new Problem("invalid-request", `${path}: ${message}`, { errors: [{ path, message }] });
}

function bearer(req: Request): string | undefined {
  const [, token] = /^Bearer +(\S+)$/i.exec(req.get("Authorization") ?? "") ?? [];
  if (token !== undefined) return token;
  // A browser's EventSource cannot send headers.
  const { access_token: fromQuery } = req.query;
  return req.path.endsWith("/events") && typeof fromQuery === "string" ? fromQuery : undefined;
}
