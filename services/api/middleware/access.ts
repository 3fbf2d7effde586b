import type { Request } from "express";
import { readPresence } from "../../../shared/db/conversations.ts";
import { type JobRow, readJob } from "../../../shared/db/read-job.ts";
import { Problem } from "../../../shared/errors.ts";
import { id } from "../../../shared/protocol/submit.ts";
import type { ApiContext } from "../api-context.ts";

const gone = () => new Problem("not-found", "This conversation does not exist any more.");
const forbidden = () => new Problem("forbidden", "Use the token that came with this conversation.");

/**
 * Lets a request through to a conversation. The token is checked before anything is looked up, so that nobody learns
 * from an answer what exists.
 * @throws {Problem} 400 for an id that is no UUID, 401, 403; 404 once it is deleted
 */
export async function openConversation(context: ApiContext, req: Request, conversationId: unknown): Promise<string> {
  const wanted = parseId("conversationId", conversationId);
  const holder = await readHolder(context, req);
  if (holder !== undefined && holder !== wanted) throw forbidden();
  if ((await readPresence(context.db.pool, wanted)) !== "present") throw gone();
  return wanted;
}

/** Lets a request through to a job of its conversation, likewise. */
export async function openJob(context: ApiContext, req: Request, jobId: unknown): Promise<JobRow> {
  const wanted = parseId("jobId", jobId);
  const holder = await readHolder(context, req);
  const job = await readJob(context.db.pool, wanted);
  if (holder !== undefined && job?.conversationId !== holder) throw forbidden();
  if (!job || job.conversationDeleted) throw gone();
  return job;
}

/**
 * Checks the token of a submission to a conversation; whether that conversation still takes messages is for the
 * statement that writes to it.
 */
export async function checkSubmitter(context: ApiContext, req: Request, conversationId: string): Promise<void> {
  const holder = await readHolder(context, req);
  if (holder !== undefined && holder !== conversationId) throw forbidden();
}

/** The conversation a request has the token of; `undefined` in open mode, where none is needed. */
async function readHolder({ config, tokens }: ApiContext, req: Request): Promise<string | undefined> {
  if (config.CONVERSATION_ACCESS === "open") return undefined;
  const token = bearer(req);
  const holder = token === undefined ? undefined : await tokens.verify(token);
  if (holder === undefined) {
    const problem = token === undefined ? "is missing" : "does not verify: it is malformed, expired or not from here";
    throw new Problem("unauthorized", `Authorization: Bearer <token> ${problem}. The token comes with POST /api/chat.`);
  }
  return holder;
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
