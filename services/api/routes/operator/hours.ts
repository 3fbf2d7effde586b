import { type Request, type Response, Router } from "express";
import {
  deleteSiteHours,
  putSiteHours,
  readSiteHours,
  type SiteHoursRow,
} from "../../../../shared/db/desk/site-hours.ts";
import { hoursSchema, toHoursText } from "../../../../shared/hours/hours.ts";
import type { SiteHours } from "../../../../shared/protocol/people/hours.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";

type HoursContext = Pick<ApiContext, "db" | "siteId" | "operatorAccess" | "log" | "handling">;

/** Routes about the hours of the site: those set here win over those of the file. */
export function hoursRoutes(context: HoursContext): Router {
  const { db, siteId, operatorAccess, log } = context;
  const router = Router();
  const mayChange = operatorAccess.require("admin");

  router.get("/hours", async (_req: Request, res: Response) => {
    res.json(describe(context, await readSiteHours(db.pool, siteId)));
  });

  router.put("/hours", mayChange, async (req: Request, res: Response) => {
    const hours = toHoursText(parseBody(hoursSchema, await readJson(req)));
    audit(log, req, { actor: actorOf(res), what: "set hours" });
    const { operatorId } = actorOf(res);
    res.json(describe(context, await putSiteHours(db.pool, { siteId, operatorId, hours })));
  });

  router.delete("/hours", mayChange, async (req: Request, res: Response) => {
    audit(log, req, { actor: actorOf(res), what: "hours of the file" });
    await deleteSiteHours(db.pool, siteId);
    res.json(describe(context, undefined));
  });

  return router;
}

function describe({ handling: { fileHours } }: Pick<ApiContext, "handling">, row: SiteHoursRow | undefined): SiteHours {
  const file = fileHours && toHoursText(fileHours);
  if (row === undefined) return { inForce: file ? "file" : "none", ...(file && { hours: file, file }) };
  const { hours, changedAt, operator } = row;
  const changed = { at: changedAt.toISOString(), ...(operator !== null && { operator }) };
  return { inForce: "console", hours, ...(file && { file }), changed };
}
