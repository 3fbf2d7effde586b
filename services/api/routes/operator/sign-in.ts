import { type Request, type Response, Router } from "express";
import { readOperator } from "../../../../shared/db/desk/operators.ts";
import {
  linkRequest,
  type LinkView,
  type SignInAnswer,
  signInRequest,
} from "../../../../shared/protocol/people/accounts.ts";
import type { ApiContext } from "../../api-context.ts";
import { requireOwnPage } from "../../access/origins.ts";
import { countRequest } from "../../middleware/count-requests.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";
import { idsOf } from "../../middleware/request-id.ts";
import { toColleague } from "./colleagues.ts";

type SignInContext = Pick<ApiContext, "accounts" | "db" | "limits" | "log" | "siteId">;

/** Routes for people who are not signed in yet, or no longer. Only pages of ours are answered. */
export function signInRoutes(context: SignInContext): Router {
  const router = Router();
  const { accounts, db, log, siteId } = context;
  const admit = async (req: Request): Promise<unknown> => {
    requireOwnPage(req);
    await countRequest(context.limits.reads, req);
    return readJson(req);
  };

  router.post("/sign-in", async (req: Request, res: Response) => {
    const { email, password, link, newPassword } = parseBody(signInRequest, await admit(req));
    const { operatorId } =
      link === undefined
        ? await accounts.signIn(req, res, { email: email ?? "", password: password ?? "" })
        : await accounts.useLink(req, res, { link, newPassword });
    const operator = await readOperator(db.pool, siteId, operatorId);
    if (!operator) throw new Error("the operator left while signing in");
    const how = link === undefined ? "sign in" : "sign in by link";
    log.info({ ...idsOf(req), audit: how, operatorId, operator: operator.name, ip: req.ip }, "audit");
    res.json({ operator: toColleague(operator) } satisfies SignInAnswer);
  });

  router.post("/links", async (req: Request, res: Response) => {
    const { link } = parseBody(linkRequest, await admit(req));
    const { purpose, email, name, role } = await accounts.look(req, link);
    res.json({ purpose, ...(email !== null && { email }), name, role } satisfies LinkView);
  });

  router.post("/sign-out", async (req: Request, res: Response) => {
    requireOwnPage(req);
    await accounts.signOut(req, res);
    res.status(204).end();
  });

  return router;
}
