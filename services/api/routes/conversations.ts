import { type Request, type Response, Router } from "express";
import { readConversation, readMessages, type MessageRow } from "../../../shared/db/conversations/conversations.ts";
import { Problem } from "../../../shared/errors.ts";
import { deleteConversation } from "../../../shared/jobs/delete-conversation.ts";
import { chooseProvider } from "../../../shared/assistants/provider-catalog.ts";
import {
  type ConversationView,
  defaultHistoryPage,
  historyQuery,
  type HistoryView,
  type MessageView,
} from "../../../shared/protocol/conversation.ts";
import type { ApiContext } from "../api-context.ts";
import { type AccessContext, openConversation } from "../access/access.ts";
import { exportRoutes } from "./export.ts";
import { feedbackRoutes } from "./feedback.ts";

/** Routes to read, rate, export and delete conversations. */
export function conversationRoutes(
  context: AccessContext & Pick<ApiContext, "assistants" | "providers" | "live">,
): Router {
  const router = Router();
  router.use("/conversations", exportRoutes(context));
  router.use("/messages", feedbackRoutes(context));

  router.get("/chat/history/:sessionId", async (req: Request, res: Response) => {
    const sessionId = await openConversation(context, req, req.params["sessionId"]);
    const { limit, before } = historyQuery.parse(req.query);
    const page = await readMessages(context.db, sessionId, { limit, before });
    if (!page) {
      const message = "there is no such message in this conversation";
      throw new Problem("invalid-request", `before: ${message}`, { errors: [{ path: "before", message }] });
    }
    const oldest = page.messages[0];
    const history: HistoryView = {
      sessionId,
      messages: page.messages.map(toMessageView),
      ...(page.more && oldest && { nextBefore: oldest.id }),
    };
    res.json(history);
  });

  router.get("/conversations/:id", async (req: Request, res: Response) => {
    const id = await openConversation(context, req, req.params["id"]);
    const [conversation, page, known] = await Promise.all([
      readConversation(context.db.pool, id),
      readMessages(context.db, id, { limit: defaultHistoryPage }),
      context.providers.read(),
    ]);
    if (!conversation) throw new Problem("not-found", "This conversation no longer exists.");
    const assistant = context.assistants.get(conversation.assistantType);
    const view: ConversationView = {
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
      messages: (page?.messages ?? []).map(toMessageView),
    };
    res.json(view);
  });

  router.delete("/conversations/:id", async (req: Request, res: Response) => {
    const id = await openConversation(context, req, req.params["id"]);
    // The second of two concurrent deletes finds nothing, like any later one.
    if (!(await deleteConversation(context, id))) throw new Problem("not-found", "This conversation was deleted.");
    res.status(204).end();
  });

  return router;
}

function toMessageView({ id, text, sender, createdAt, imported, rating }: MessageRow): MessageView {
  const timestamp = new Date(createdAt).getTime();
  return { id, text, sender, timestamp, ...(imported && { imported }), ...(rating !== null && { rating }) };
}
