import { type Request, type Response, Router } from "express";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import { readOpenCircuits, readRefusedKeys } from "../../../shared/db/operators/circuit-reports.ts";
import { readTurns } from "../../../shared/db/operators/conversation.ts";
import { readFigures } from "../../../shared/db/operators/figures.ts";
import { findConversation, type FoundConversation, searchConversations } from "../../../shared/db/operators/search.ts";
import { jobStatus } from "../../../shared/protocol/job.ts";
import type { ApiContext } from "../api-context.ts";
import { conversationView } from "../operators/conversation-view.ts";
import { figuresView } from "../operators/figures-view.ts";
import { html, type Html } from "../operators/html.ts";
import { operatorPage } from "../operators/page.ts";
import { type SearchForm, searchView } from "../operators/search-view.ts";

const stylesPath = fileURLToPath(new URL("../operators/operators.css", import.meta.url));
/** Caches a day's figures for so long, however many operators look: computing them reads all rows of the day. */
const figuresFreshMs = 10_000;
const dayMs = 24 * 60 * 60 * 1000;

/** Operator pages: today's figures, conversations, and each job's history. Rendered on the server, without scripts. */
export function operatorRoutes(context: Pick<ApiContext, "db" | "log">): Router {
  const router = Router();
  const readToday = cachedFor(figuresFreshMs, () => {
    const now = Date.now();
    return readFigures(context.db.pool, new Date(now - (now % dayMs)));
  });

  router.get("/operators.css", (_req: Request, res: Response) => {
    res.sendFile(stylesPath);
  });

  const sendPage = async (res: Response, title: string, content: Html) => {
    const [refusedKeys, openCircuits] = await Promise.all([
      readRefusedKeys(context.db.pool),
      readOpenCircuits(context.db.pool),
    ]);
    res.send(operatorPage({ title, content, trouble: { refusedKeys, openCircuits } }));
  };

  router.get("/", async (req: Request, res: Response) => {
    const { form, ...search } = readForm(req);
    const [today, found] = await Promise.all([readToday(), form.fault ? [] : find(context, search)]);
    await sendPage(res, "Conversations", html`${figuresView(today)} ${searchView(form, found)}`);
  });

  router.get("/conversations/:id", async (req: Request, res: Response) => {
    const id = uuid.safeParse(req.params["id"]).data;
    const conversation = id && (await findConversation(context.db.pool, id));
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

const uuid = z.uuid();
const time = z.iso.datetime({ local: true }).transform((text) => new Date(`${text.slice(0, 16)}Z`));

interface Wanted {
  id?: string | undefined;
  status?: z.output<typeof jobStatus> | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

function readForm(req: Request): Wanted & { form: SearchForm } {
  const field = (name: string) => z.string().trim().max(100).catch("").parse(req.query[name]);
  const form: SearchForm = { id: field("id"), status: field("status"), from: field("from"), to: field("to") };
  const wanted = {
    id: uuid.optional().safeParse(form.id || undefined),
    status: jobStatus.optional().safeParse(form.status || undefined),
    from: time.optional().safeParse(form.from || undefined),
    to: time.optional().safeParse(form.to || undefined),
  };
  if (!wanted.id.success) form.fault = "An id is a UUID, like 01a2020b-cfaf-731e-ae31-e6a1ee224780.";
  else if (!wanted.status.success) form.fault = `A job's status is one of ${jobStatus.options.join(", ")}.`;
  else if (!wanted.from.success || !wanted.to.success) form.fault = "A time is written like 2026-11-22T14:30.";
  return {
    form,
    id: wanted.id.data,
    status: wanted.status.data,
    from: wanted.from.data,
    to: wanted.to.data,
  };
}

async function find({ db }: Pick<ApiContext, "db">, { id, ...search }: Wanted): Promise<FoundConversation[]> {
  if (id === undefined) return searchConversations(db.pool, search);
  const found = await findConversation(db.pool, id);
  return found ? [found] : [];
}
