import { type Request, type Response, Router } from "express";
import { listOperators, type OperatorRow, readOperator } from "../../../../shared/db/desk/operators.ts";
import { storePresence } from "../../../../shared/db/voices/presence.ts";
import { Problem } from "../../../../shared/errors.ts";
import { type Colleague, presenceRequest } from "../../../../shared/protocol/operator.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { toOperatorView } from "../../history/message-view.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";

const left = () => new Problem("not-found", "This operator has left.");

/** Routes about operators themselves: oneself, colleagues, and who is there. */
export function colleagueRoutes({
  db,
  siteId,
  operatorAccess,
}: Pick<ApiContext, "db" | "siteId" | "operatorAccess">): Router {
  const router = Router();

  router.get("/me", async (_req: Request, res: Response) => {
    const { operatorId, role } = actorOf(res);
    const row = await readOperator(db.pool, siteId, operatorId);
    if (!row) throw left();
    // The role of a key may be less than its operator's.
    res.json({ ...withAccount(row), role } satisfies Colleague);
  });

  router.get("/operators", async (_req: Request, res: Response) => {
    const rows = await listOperators(db.pool, siteId);
    res.json({ operators: rows.map(actorOf(res).role === "admin" ? withAccount : toColleague) });
  });

  router.put("/presence", operatorAccess.require("operator"), async (req: Request, res: Response) => {
    const { state } = parseBody(presenceRequest, await readJson(req));
    if (!(await storePresence(db.pool, actorOf(res).operatorId, state === "online"))) throw left();
    res.status(204).end();
  });

  return router;
}

/** An operator as colleagues see them. */
export function toColleague({ id, role, online, name, avatarUrl }: OperatorRow): Colleague {
  return { id, ...toOperatorView({ name, avatarUrl }), role, online };
}

/** Likewise with their account, for themselves and for admins. */
function withAccount(row: OperatorRow): Colleague {
  const account = row.email !== null && { email: row.email, twoFactor: row.twoFactorEnabled };
  return { ...toColleague(row), ...account };
}
