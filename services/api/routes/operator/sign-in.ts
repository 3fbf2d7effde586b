import { type Request, type Response, Router } from "express";
import { readOperator } from "../../../../shared/db/desk/operators.ts";
import {
  factorRequest,
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

  const welcome = async (req: Request, res: Response, { operatorId, how }: { operatorId: string; how: string }) => {
    const operator = await readOperator(db.pool, siteId, operatorId);
    if (!operator) throw new Error("the operator left while signing in");
    log.info({ ...idsOf(req), audit: how, operatorId, operator: operator.name, ip: req.ip }, "audit");
    res.json({ operator: toColleague(operator) } satisfies SignInAnswer);
  };

  router.post("/sign-in", async (req: Request, res: Response) => {
    const { email, password, link, newPassword } = parseBody(signInRequest, await admit(req));
    const signedIn =
      link === undefined
        ? await accounts.signIn(req, res, { email: email ?? "", password: password ?? "" })
        : await accounts.useLink(req, res, { link, newPassword });
    if (!signedIn) res.json({ secondFactor: "required" } satisfies SignInAnswer);
    else await welcome(req, res, { ...signedIn, how: link === undefined ? "sign in" : "sign in by link" });
  });

  router.post("/sign-in/factor", async (req: Request, res: Response) => {
    const { code, backupCode = "" } = parseBody(factorRequest, await admit(req));
    const given = code === undefined ? { backupCode } : { code };
    const how = code === undefined ? "sign in by backup code" : "sign in";
    await welcome(req, res, { ...(await accounts.factors.complete(req, res, given)), how });
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
