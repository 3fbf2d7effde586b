import { type Request, type Response, Router } from "express";
import { deleteCannedReply, listCannedReplies, putCannedReply } from "../../../../shared/db/desk/canned-replies.ts";
import { Problem } from "../../../../shared/errors.ts";
import {
  type CannedReply,
  cannedReplyRequest,
  cannedShortcut,
  maxCannedReplies,
} from "../../../../shared/protocol/people/canned-replies.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";

/** Routes about texts that operators send often. All of a site share them. */
export function cannedReplyRoutes({
  db,
  siteId,
  operatorAccess,
}: Pick<ApiContext, "db" | "siteId" | "operatorAccess">): Router {
  const router = Router();
  const mayChange = operatorAccess.require("operator");

  router.get("/canned-replies", async (_req: Request, res: Response) => {
    res.json({ replies: await listCannedReplies(db.pool, siteId) });
  });

  router.put("/canned-replies/:shortcut", mayChange, async (req: Request, res: Response) => {
    const shortcut = shortcutOf(req);
    const { text } = parseBody(cannedReplyRequest, await readJson(req));
    const { operatorId } = actorOf(res);
    const stored = await putCannedReply(db.pool, { siteId, operatorId, shortcut, text });
    if (!stored)
      throw new Problem("invalid-request", `There are ${maxCannedReplies} canned replies already: remove one first.`);
    res.json(stored satisfies CannedReply);
  });

  router.delete("/canned-replies/:shortcut", mayChange, async (req: Request, res: Response) => {
    await deleteCannedReply(db.pool, siteId, shortcutOf(req));
    res.status(204).end();
  });

  return router;
}

/** @throws {Problem} for a name that none can have */
function shortcutOf(req: Request): string {
  const { data, error } = cannedShortcut.safeParse(req.params["shortcut"]);
  if (data !== undefined) return data;
  const message = error?.issues[0]?.message ?? "must be a shortcut";
  throw new Problem("invalid-request", `shortcut: ${message}`, { errors: [{ path: "shortcut", message }] });
}
