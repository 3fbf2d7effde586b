import { type Request, type Response, Router } from "express";
import { listUnanswered, putAside } from "../../../../../shared/db/replies/unanswered.ts";
import { Problem } from "../../../../../shared/errors.ts";
import {
  unansweredGroupId,
  unansweredListQuery,
  type UnansweredListView,
} from "../../../../../shared/protocol/knowledge/unanswered.ts";
import type { ApiContext } from "../../../api-context.ts";
import { actorOf } from "../../../access/operator-access.ts";
import { audit } from "../../../desk/audit.ts";
import { parseGroupPlace } from "../../../desk/list-place.ts";
import { parseQuery } from "../../../middleware/parse-input.ts";

/** Routes to see questions that the site's knowledge does not answer, and to put them aside. */
export function unansweredRoutes({
  db,
  siteId,
  log,
  operatorAccess,
}: Pick<ApiContext, "db" | "siteId" | "log" | "operatorAccess">): Router {
  const router = Router();

  router.get("/unanswered", async (req: Request, res: Response) => {
    const { limit, before } = parseQuery(unansweredListQuery, req.query);
    const after = before === undefined ? undefined : parseGroupPlace(before);
    const groups = await listUnanswered(db.pool, { siteId, limit: limit + 1, after });
    const shown = groups.slice(0, limit);
    const last = shown.at(-1);
    const list: UnansweredListView = {
      questions: shown.map(({ id, sample, count, lastAt, messages }) => {
        return { id, sample, count, lastAt: lastAt.toISOString(), messages };
      }),
      ...(groups.length > limit && last && { nextBefore: last.place }),
    };
    res.json(list);
  });

  router.delete("/unanswered/:id", operatorAccess.require("operator"), async (req: Request, res: Response) => {
    const id = unansweredGroupId.safeParse(req.params["id"]);
    audit(log, req, { actor: actorOf(res), what: "put unanswered question aside" });
    if (!id.success || !(await putAside(db.pool, siteId, id.data))) throw noGroup();
    res.status(204).end();
  });

  return router;
}

function noGroup(): Problem {
  return new Problem("not-found", "There is no such question. It may be answered, or gone with its conversation.");
}
