import { type Request, type Response, Router } from "express";
import { listVisitorConversations } from "../../../shared/db/conversations/visitors.ts";
import { type VisitorConversationsView, visitorConversationsQuery } from "../../../shared/protocol/identity.ts";
import { type AccessContext, requireVisitor, storePresentHash } from "../access/access.ts";
import { parseQuery } from "../middleware/parse-input.ts";

/** Routes for a verified visitor's own data, on any device. */
export function visitorRoutes(context: AccessContext): Router {
  const router = Router();

  router.get("/conversations", async (req: Request, res: Response) => {
    const visitor = await requireVisitor(context, req);
    const page = parseQuery(visitorConversationsQuery, req.query);
    const { conversations, more, stale } = await listVisitorConversations(context.db.pool, visitor, page);
    if (stale) await storePresentHash(context, visitor);
    const last = conversations.at(-1);
    const view: VisitorConversationsView = {
      conversations: conversations.map(({ createdAt, updatedAt, preview, ...conversation }) => ({
        ...conversation,
        createdAt: new Date(createdAt).toISOString(),
        updatedAt: new Date(updatedAt).toISOString(),
        ...(preview !== null && { preview }),
      })),
      ...(more && last && { nextBefore: last.id }),
    };
    res.json(view);
  });

  return router;
}
