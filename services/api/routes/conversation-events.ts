import { type Request, type Response, Router } from "express";
import type { ConversationOwner } from "../../../shared/db/conversations/conversations.ts";
import { noteVisitorSeen } from "../../../shared/db/mail/visitor-seen.ts";
import { Problem } from "../../../shared/errors.ts";
import { endEventId } from "../../../shared/protocol/events.ts";
import { visitorSeenRequest } from "../../../shared/protocol/people/mail.ts";
import type { ApiContext } from "../api-context.ts";
import { type AccessContext, openConversation } from "../access/access.ts";
import { followConversation } from "../follow/follow-conversation.ts";
import { lastEventIdOf, passes } from "../follow/stream-request.ts";
import { clientOf, untilClosed } from "../middleware/client.ts";
import { readJson } from "../middleware/json-body.ts";
import { parseBody } from "../middleware/parse-input.ts";
import { idsOf } from "../middleware/request-id.ts";

type EventsContext = AccessContext &
  Pick<ApiContext, "events" | "handling" | "openRequests" | "places" | "streams" | "typing">;

/** `/api/conversations/:id/events`, `…/typing`, `…/seen`: what happens in a conversation, from a cursor on, and in passing. */
export function conversationEventRoutes(context: EventsContext): Router {
  const router = Router();
  router.get("/:id/events", (req: Request, res: Response) =>
    sendConversationEvents(context, req, res, {
      open: () => openConversation(context, req, req.params["id"]),
      takeSlot: (signal) => context.openRequests.take(clientOf(req).network, signal),
    }),
  );

  router.post("/:id/typing", async (req: Request, res: Response) => {
    const { id, handledBy } = await openConversation(context, req, req.params["id"]);
    // The assistant does not look.
    if (handledBy !== "ai") context.typing.send({ conversationId: id, by: "user" });
    res.status(204).end();
  });

  router.post("/:id/seen", async (req: Request, res: Response) => {
    const { id } = await openConversation(context, req, req.params["id"]);
    const { messageId } = parseBody(visitorSeenRequest, await readJson(req));
    await noteVisitorSeen(context.db.pool, id, messageId);
    res.status(204).end();
  });

  return router;
}

/** Decides who may read a conversation. */
interface ConversationReaders {
  /** @throws {Problem} for those who may not, and for a conversation that was deleted */
  open: () => Promise<Pick<ConversationOwner, "id" | "eventSeq" | "handledBy" | "operator"> & { stretch?: number }>;
  /** Takes one of the open requests that a client may have, until `signal` ends; false if none is left. */
  takeSlot: (signal: AbortSignal) => boolean;
}

/** Answers with what happens in a conversation. */
export async function sendConversationEvents(
  context: Omit<EventsContext, "openRequests">,
  req: Request,
  res: Response,
  { open, takeSlot }: ConversationReaders,
): Promise<void> {
  const { streams } = context;
  const lastEventId = lastEventIdOf(req);
  const signal = untilClosed(res);
  const opened = await open().catch((error: unknown) => {
    if (passes(error)) streams.sendBack(res);
    // A client that has seen the end of a deleted conversation is told to stop.
    else if (!(error instanceof Problem && error.code === "not-found" && lastEventId === endEventId)) throw error;
    else res.status(204).end();
    return undefined;
  });
  if (!opened) return;
  if (req.method === "HEAD") {
    res.type("text/event-stream").end();
    return;
  }
  if (lastEventId === endEventId) {
    res.status(204).end();
    return;
  }
  if (!takeSlot(signal)) {
    streams.sendBack(res);
    return;
  }
  const { after: asked } = req.query;
  // A list is no cursor, and is answered like any other that cannot be honoured.
  const after = lastEventId ?? (asked === undefined || typeof asked === "string" ? asked : "");
  const { id: conversationId, ...now } = opened;
  const events = followConversation(context, { ...now, conversationId, after, signal });
  void streams.pump(res, events, (error) => {
    context.log.warn({ ...idsOf(req), err: error }, "event stream closed for reconnection");
  });
}
