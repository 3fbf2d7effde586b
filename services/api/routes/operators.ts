import { type Request, type Response, Router } from "express";
import type { Pool } from "pg";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import { readTurns } from "../../../shared/db/operators/conversation.ts";
import { readFigures } from "../../../shared/db/operators/figures.ts";
import { readMailReport } from "../../../shared/db/operators/mail-report.ts";
import type { FoundConversation } from "../../../shared/db/operators/search/entries.ts";
import { jobOutcomes } from "../../../shared/db/operators/outcome.ts";
import {
  findById,
  findConversation,
  findRequest,
  type Search,
  searchConversations,
} from "../../../shared/db/operators/search/search.ts";
import { searchLimitMs, SearchTooLong } from "../../../shared/db/operators/time-limit.ts";
import type { ApiContext } from "../api-context.ts";
import { conversationView } from "../operators/conversation-view.ts";
import { figuresView } from "../operators/figures-view.ts";
import { html, type Html } from "../operators/html.ts";
import { mailsView } from "../operators/mails-view.ts";
import { type SearchForm, searchView } from "../operators/search-view.ts";
import { sendOperatorPage } from "../operators/send-page.ts";
import { reportPageRoutes } from "./report-page.ts";

const stylesFolder = fileURLToPath(new URL("../operators/", import.meta.url));
/** Caches a day's figures for so long, however many operators look: computing them reads all rows of the day. */
const figuresFreshMs = 10_000;
const dayMs = 24 * 60 * 60 * 1000;

/** Operator pages: today's figures, conversations, and each job's history. Rendered on the server, without scripts. */
export function operatorRoutes(context: Pick<ApiContext, "db" | "log" | "siteId">): Router {
  const router = Router();
  const readToday = cachedFor(figuresFreshMs, () => {
    const now = Date.now();
    return readFigures(context.db.pool, new Date(now - (now % dayMs)));
  });

  router.get("/operators.css", sendStyles);
  router.use("/reports", reportPageRoutes(context));

  const sendPage = async (res: Response, title: string, content: Html) =>
    sendOperatorPage(res, context, { title, content });

  router.get("/", async (req: Request, res: Response) => {
    const wanted = readForm(req);
    const about = { operator: String(res.locals["operator"]), ip: req.ip };
    const [today, found] = await Promise.all([readToday(), list(context, wanted, about)]);
    await sendPage(res, "Conversations", html`${figuresView(today)} ${searchView(wanted.form, found)}`);
  });

  const readMails = cachedFor(figuresFreshMs, () => readMailReport(context.db.pool));
  router.get("/mails", async (_req: Request, res: Response) => sendPage(res, "Mails", mailsView(await readMails())));

  router.get("/conversations/:id", async (req: Request, res: Response) => {
    const id = uuid.safeParse(req.params["id"]).data;
    const conversation = id && (await findConversation(context.db.pool, context.siteId, id));
    if (!conversation) {
      res.status(404);
      await sendPage(res, "Not found", html`<p>There is no such conversation. It may have been erased.</p>`);
      return;
    }
    // Log each operator who reads a visitor's messages.
    const operator = String(res.locals["operator"]);
    context.log.info({ audit: "conversation read", operator, conversationId: conversation.id, ip: req.ip }, "audit");
    const turns = await readTurns(context.db.pool, conversation.id);
    await sendPage(res, `Conversation ${conversation.id}`, conversationView(conversation, turns));
  });

  return router;
}

/** Sends a style sheet of the pages for operators. */
export function sendStyles(req: Request, res: Response): void {
  res.sendFile(basename(req.path), { root: stylesFolder });
}

/** Finds the entries of the list, and records whose messages it shows parts of. */
async function list(
  { db, log, siteId }: Pick<ApiContext, "db" | "log" | "siteId">,
  form: Wanted & { form: SearchForm },
  about: { operator: string; ip: string | undefined },
): Promise<FoundConversation[]> {
  if (form.form.fault) return [];
  const found = await find(db.pool, { ...form, siteId }).catch((error: unknown) => {
    if (!(error instanceof SearchTooLong)) throw error;
    form.form.fault = `The search was ended after ${searchLimitMs / 1000} s. Set “From” and “To” to a shorter period.`;
    return [];
  });
  const conversationIds = [...new Set(found.map(({ id }) => id))];
  log.info({ audit: "conversations listed", ...about, conversationIds }, "audit");
  return found;
}

const uuid = z.uuid();
const outcome = z.enum(jobOutcomes);
const time = z.iso.datetime({ local: true }).transform((text) => new Date(`${text.slice(0, 16)}Z`));

interface Wanted extends Omit<Search, "siteId"> {
  id?: string | undefined;
  requestId?: string | undefined;
}

function readForm(req: Request): Wanted & { form: SearchForm } {
  const field = (name: string) => z.string().trim().max(200).transform(storable).catch("").parse(req.query[name]);
  const form: SearchForm = {
    id: field("id"),
    requestId: field("requestId"),
    text: field("text"),
    status: field("status"),
    from: field("from"),
    to: field("to"),
  };
  const wanted = {
    id: uuid.optional().safeParse(form.id || undefined),
    outcome: outcome.optional().safeParse(form.status || undefined),
    from: time.optional().safeParse(form.from || undefined),
    to: time.optional().safeParse(form.to || undefined),
  };
  if (!wanted.id.success) form.fault = "An id is a UUID, like 01a2020b-cfaf-731e-ae31-e6a1ee224780.";
  else if (!wanted.outcome.success) form.fault = `The state of a job is one of ${jobOutcomes.join(", ")}.`;
  else if (!wanted.from.success || !wanted.to.success) form.fault = "A time is written like 2026-11-22T14:30.";
  return {
    form,
    id: wanted.id.data,
    requestId: form.requestId || undefined,
    text: form.text || undefined,
    filter: wanted.outcome.data,
    from: wanted.from.data,
    to: wanted.to.data,
  };
}

/** Removes what PostgreSQL cannot hold, so that no stored text contains it. */
function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** An id is searched for before everything else, and then a request's id. A request without an id gets a UUID. */
async function find(pool: Pool, { id, requestId, ...search }: Wanted & Search): Promise<FoundConversation[]> {
  if (id !== undefined) return findById(pool, search.siteId, id);
  return requestId === undefined ? searchConversations(pool, search) : findRequest(pool, search.siteId, requestId);
}
