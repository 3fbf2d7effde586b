import { type Request, type Response, Router } from "express";
import { readDeskConversation } from "../../../../shared/db/desk/read-conversation.ts";
import { Problem } from "../../../../shared/errors.ts";
import { historyQuery } from "../../../../shared/protocol/conversation.ts";
import type { OperatorConversation } from "../../../../shared/protocol/operator.ts";
import type { ApiContext } from "../../api-context.ts";
import { parseConversationId, readOwnerHere } from "../../access/access.ts";
import { actorOf } from "../../access/operator-access.ts";
import { toOperatorConversation } from "../../desk/conversation-view.ts";
import { parseQuery } from "../../middleware/parse-input.ts";
import { sendConversationEvents } from "../conversation-events.ts";

/** Routes to read and follow a conversation. */
export function deskConversationRoutes(context: ApiContext): Router {
  const router = Router();
  const { db, siteId, handling, operatorStreams } = context;

  router.get("/:id", async (req: Request, res: Response) => {
    const { limit, before } = parseQuery(historyQuery, req.query);
    const id = parseConversationId(req.params["id"]);
    const row = await readDeskConversation(db.pool, id, { siteId, limit, before });
    if (!row) throw noConversation();
    if (row === "no_message") {
      const message = "there is no such message in this conversation";
      throw new Problem("invalid-request", `before: ${message}`, { errors: [{ path: "before", message }] });
    }
    const view = toOperatorConversation(row, { limit, handling: await handling.describe(id, row) });
    res.json(view satisfies OperatorConversation);
  });

  router.get("/:id/events", (req: Request, res: Response) =>
    sendConversationEvents(context, req, res, {
      open: async () => {
        const owner = await readOwnerHere({ db, siteId }, parseConversationId(req.params["id"]));
        if (!owner || owner.deleted) throw noConversation();
        return owner;
      },
      takeSlot: (signal) => operatorStreams.take(actorOf(res).operatorId, signal),
    }),
  );

  return router;
}

export function noConversation(): Problem {
  return new Problem("not-found", "There is no such conversation. It may have been deleted.");
}
