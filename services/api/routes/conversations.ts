import { parseQuery } from "../middleware/parse-input.ts";
import { type Request, type Response, Router } from "express";
import { readCards } from "../../../shared/db/actions/cards.ts";
import { readConversation, readMessages } from "../../../shared/db/conversations/conversations.ts";
import { Problem } from "../../../shared/errors.ts";
import { deleteConversation } from "../../../shared/jobs/delete-conversation.ts";
import { cursorOf } from "../../../shared/events/cursor.ts";
import { chooseProvider } from "../../../shared/assistants/provider-catalog.ts";
import {
  type ConversationView,
  defaultHistoryPage,
  historyQuery,
  type HistoryView,
} from "../../../shared/protocol/conversation.ts";
import type { ApiContext } from "../api-context.ts";
import { type AccessContext, openConversation } from "../access/access.ts";
import { toMessageView } from "../history/message-view.ts";
import { conversationEventRoutes } from "./conversation-events.ts";
import { exportRoutes } from "./export.ts";
import { handoffRoutes } from "./handoff.ts";
import { feedbackRoutes, stretchRatingRoutes } from "./feedback.ts";

type ConversationContext = AccessContext &
  Pick<
    ApiContext,
    | "assistants"
    | "dispatcher"
    | "events"
    | "handling"
    | "places"
    | "live"
    | "newestPages"
    | "openRequests"
    | "providers"
    | "streams"
    | "typing"
  >;

/** Routes to read, rate, export and delete conversations. */
export function conversationRoutes(context: ConversationContext): Router {
  const router = Router();
  router.use("/conversations", exportRoutes(context));
  router.use("/conversations", conversationEventRoutes(context));
  router.use("/conversations", handoffRoutes(context));
  router.use("/conversations", stretchRatingRoutes(context));
  router.use("/messages", feedbackRoutes(context));

  router.get("/chat/history/:sessionId", async (req: Request, res: Response) => {
    const conversation = await openConversation(context, req, req.params["sessionId"]);
    const { limit, before } = parseQuery(historyQuery, req.query);
    const sessionId = conversation.id;
    const cursor = cursorOf(sessionId, conversation.eventSeq);
    const handling = {
      ...(await context.handling.describe(sessionId, conversation)),
      ...(await describeActions(context, sessionId)),
    };
    if (before === undefined && limit === defaultHistoryPage) {
      const { messages, nextBefore } = await context.newestPages.read(conversation);
      sendWithMessages(
        res,
        { sessionId, cursor, ...handling, ...(nextBefore !== undefined && { nextBefore }) },
        messages,
      );
      return;
    }
    const page = await readMessages(context.db, sessionId, { limit, before });
    if (!page) {
      const message = "there is no such message in this conversation";
      throw new Problem("invalid-request", `before: ${message}`, { errors: [{ path: "before", message }] });
    }
    const oldest = page.messages[0];
    const history: HistoryView = {
      sessionId,
      cursor,
      ...handling,
      messages: page.messages.map(toMessageView),
      ...(page.more && oldest && { nextBefore: oldest.id }),
    };
    res.json(history);
  });

  router.get("/conversations/:id", (req: Request, res: Response) => sendConversation(context, req, res));

  router.delete("/conversations/:id", async (req: Request, res: Response) => {
    const { id } = await openConversation(context, req, req.params["id"]);
    // The second of two concurrent deletes finds nothing, like any later one.
    if (!(await deleteConversation(context, id))) throw new Problem("not-found", "This conversation was deleted.");
    res.status(204).end();
  });

  return router;
}

async function sendConversation(context: ConversationContext, req: Request, res: Response): Promise<void> {
  const opened = await openConversation(context, req, req.params["id"]);
  const { id } = opened;
  const [conversation, page, known, actions] = await Promise.all([
    readConversation(context.db.pool, id),
    context.newestPages.read(opened),
    context.providers.read(),
    describeActions(context, id),
  ]);
  if (!conversation) throw new Problem("not-found", "This conversation no longer exists.");
  const assistant = context.assistants.get(conversation.assistantType);
  const view: Omit<ConversationView, "messages"> = {
    id,
    sessionId: id,
    assistantType: conversation.assistantType,
    provider: conversation.provider ?? chooseProvider(assistant ?? {}, known),
    threadId: conversation.threadId,
    createdAt: conversation.createdAt.toISOString(),
    updatedAt: conversation.updatedAt.toISOString(),
    messageCount: conversation.messageCount,
    activeJobId: conversation.openJobs[0] ?? null,
    metadata: conversation.metadata,
    // Read before the messages: what came meanwhile is in both, and nothing is missed.
    cursor: cursorOf(id, opened.eventSeq),
    ...(await context.handling.describe(id, opened)),
    ...actions,
  };
  sendWithMessages(res, view, page.messages);
}

/** Field of the actions proposed in it; none where there are none. Read after the cursor, so that nothing is missed. */
async function describeActions({ db }: Pick<ApiContext, "db">, id: string): Promise<Pick<ConversationView, "actions">> {
  const actions = await readCards(db.pool, id);
  return actions.length > 0 ? { actions } : {};
}

/** Sends a view whose messages are JSON already, as `res.json` would. */
function sendWithMessages(res: Response, view: object, messages: Buffer): void {
  const start = JSON.stringify(view).slice(0, -1);
  const body = Buffer.concat([Buffer.from(`${start},"messages":`), messages, Buffer.from("}")]);
  res.type("json").set("Content-Length", `${body.length}`).end(body);
}
