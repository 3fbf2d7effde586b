import type { Request } from "express";
import { readOwner } from "../../../shared/db/conversations/conversations.ts";
import { type OwnedMessage, readMessageOwner } from "../../../shared/db/conversations/feedback.ts";
import type { JobRow } from "../../../shared/db/jobs/read-job.ts";
import { replaceFormerHash } from "../../../shared/db/conversations/visitors.ts";
import { Problem } from "../../../shared/errors.ts";
import { identityHeader } from "../../../shared/protocol/headers.ts";
import { id } from "../../../shared/protocol/submit.ts";
import type { ApiContext } from "../api-context.ts";
import { isOf, type Visitor } from "./identity.ts";
import { countRequest } from "../middleware/count-requests.ts";
import { noteIds } from "../middleware/request-id.ts";

// Whoever may not see a conversation learns nothing of it, whatever they ask: what a request has shown of itself is checked
// first, then it is counted for its client, and only after that anything is looked up.

const gone = () => new Problem("not-found", "This conversation does not exist any more.");
const forbidden = () =>
  new Problem("forbidden", "Use the token that came with this conversation, or the identity of its visitor.");

/**
 * Lets a request through to a conversation, and counts it.
 * @throws {Problem} 400 for an id that is no UUID, 401, 403, 429; 404 once it is deleted
 */
export async function openConversation(context: ApiContext, req: Request, conversationId: unknown): Promise<string> {
  const wanted = parseId("conversationId", conversationId);
  const holder = await readHolder(context, req);
  if (!mightOpen(holder, wanted)) throw forbidden();
  noteIds(req, { conversationId: wanted });
  await countRequest(context.limits.reads, req);
  const owner = await readOwner(context.db.pool, wanted);
  await admit(context, holder, { conversationId: wanted, visitorHash: owner?.visitorHash ?? null });
  if (!owner || owner.deleted) throw gone();
  return wanted;
}

/**
 * Lets a request through to a job of its conversation, likewise.
 * @param beforeReading what must be there before the row is read, so that no later change of it is missed
 */
export async function openJob(
  context: ApiContext,
  req: Request,
  jobId: unknown,
  beforeReading: (jobId: string) => Promise<void> = async () => undefined,
): Promise<JobRow> {
  const wanted = parseId("jobId", jobId);
  const holder = await readHolder(context, req);
  await countRequest(context.limits.reads, req);
  await beforeReading(wanted);
  const job = await context.watch.readRow(wanted);
  if (job) await admit(context, holder, job);
  else if (!holder.open) throw forbidden();
  if (!job || job.conversationDeleted) throw gone();
  noteIds(req, { jobId: job.id, conversationId: job.conversationId });
  return job;
}

/**
 * Lets a request through to a message of its conversation, likewise. Deleting a conversation leaves no messages: then its
 * token alone tells what happened.
 */
export async function openMessage(context: ApiContext, req: Request, messageId: unknown): Promise<OwnedMessage> {
  const wanted = parseId("id", messageId);
  const holder = await readHolder(context, req);
  await countRequest(context.limits.reads, req);
  const { pool } = context.db;
  const [message, own] = await Promise.all([
    readMessageOwner(pool, wanted),
    holder.conversationId === undefined ? undefined : readOwner(pool, holder.conversationId),
  ]);
  if (!message && own?.deleted) throw gone();
  if (message) await admit(context, holder, message);
  else if (!holder.open) throw forbidden();
  if (!message) throw gone();
  noteIds(req, { conversationId: message.conversationId });
  return message;
}

/** What is known of who sends a message. */
interface Admitted {
  /** Whom the embedding site vouches for, if it does. */
  visitor: Visitor | undefined;
  /** The request showed nothing but the conversation's id: enough in open mode, until the conversation is a visitor's. */
  idAlone: boolean;
}

/**
 * Lets a submission through, and counts it; whether its conversation still takes messages is for the statement that writes
 * to it.
 * @param conversationId absent: it begins a new one
 */
export async function admitSubmission(
  context: ApiContext,
  req: Request,
  conversationId: string | undefined,
): Promise<Admitted> {
  const { config, limits, db } = context;
  const holder = conversationId === undefined ? undefined : await readHolder(context, req);
  const visitor = holder ? holder.visitor : await readVisitor(context, req);
  if (visitor === undefined && config.IDENTITY === "required") throw identityRequired();
  if (holder && conversationId !== undefined && !mightOpen(holder, conversationId)) throw forbidden();
  await countRequest(limits.submissions, req);
  if (!holder || conversationId === undefined) return { visitor, idAlone: false };
  const idAlone = visitor === undefined && holder.conversationId !== conversationId;
  if (visitor || idAlone) {
    const owner = await readOwner(db.pool, conversationId);
    await admit(context, holder, { conversationId, visitorHash: owner?.visitorHash ?? null });
  }
  return { visitor, idAlone };
}

/** Lets verified visitors through to what is their own, and counts the request. */
export async function requireVisitor(context: ApiContext, req: Request): Promise<Visitor> {
  const visitor = await readVisitor(context, req);
  if (visitor === undefined) throw identityRequired();
  await countRequest(context.limits.reads, req);
  return visitor;
}

/** What a request has shown of itself. */
interface Holder {
  /** Knowing an id is enough here, for conversations of no verified visitor. */
  open: boolean;
  /** Of its token. */
  conversationId: string | undefined;
  visitor: Visitor | undefined;
}

async function readHolder(context: ApiContext, req: Request): Promise<Holder> {
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

/** An identity that does not verify is refused even beside a good token: its sender is not who they say they are. */
async function readVisitor({ identities }: ApiContext, req: Request): Promise<Visitor | undefined> {
  const header = req.get(identityHeader);
  return header === undefined ? undefined : identities.verify(header);
}

/** Whether it is worth looking: only a visitor's conversations are not known from what the request has shown. */
function mightOpen({ open, conversationId, visitor }: Holder, wanted: string): boolean {
  return open || conversationId === wanted || visitor !== undefined;
}

/** @throws {Problem} 403 unless what the request has shown opens this conversation */
async function admit(
  context: ApiContext,
  holder: Holder,
  { conversationId, visitorHash }: { conversationId: string; visitorHash: Buffer | null },
): Promise<void> {
  if (!mayOpen(holder, conversationId, visitorHash)) throw forbidden();
  if (holder.visitor && visitorHash?.equals(holder.visitor.formerHash)) await storePresentHash(context, holder.visitor);
}

/** Rows of earlier versions get the present hash of their visitor. One that cannot be written now is found all the same. */
export async function storePresentHash({ db, log }: ApiContext, visitor: Visitor): Promise<void> {
  await replaceFormerHash(db.pool, visitor).catch((error: unknown) => {
    log.debug({ err: error }, "the former hash of a visitor was not replaced");
  });
}

/**
 * A visitor's identity opens all that is theirs, and nothing of another visitor, whatever token comes with it: on a shared
 * computer the token of whoever was there before may still lie about. A token alone stands for the visitor to whom it was
 * given: an `EventSource` can send nothing else. An id alone opens no visitor's conversation, in open mode either.
 */
function mayOpen({ open, conversationId, visitor }: Holder, wanted: string, visitorHash: Buffer | null): boolean {
  if (visitor && visitorHash) return isOf(visitor, visitorHash);
  return conversationId === wanted || (open && visitorHash === null);
}

function identityRequired(): Problem {
  return new Problem("identity-required", `Send ${identityHeader}, signed by the site you are on.`);
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
