import { type Request, type Response, Router } from "express";
import { endOtherSessions, endSession, listSessions } from "../../../../shared/db/accounts/operator-sessions.ts";
import { Problem } from "../../../../shared/errors.ts";
import { readOperator } from "../../../../shared/db/desk/operators.ts";
import {
  type BackupCodeList,
  codeRequest,
  type FactorSetup,
  passwordRequest,
  presentPasswordRequest,
  type SessionList,
} from "../../../../shared/protocol/people/accounts.ts";
import { id as uuid } from "../../../../shared/protocol/submit.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf, sessionOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";

type AccountContext = Pick<ApiContext, "accounts" | "db" | "log" | "operatorAccess" | "siteId">;

/** Routes about one's own account. Readers use them, too. */
export function accountRoutes({ accounts, db, log, operatorAccess, siteId }: AccountContext): Router {
  const router = Router();
  for (const path of ["/sessions", "/password", "/factor"]) router.use(path, operatorAccess.requireOwner());

  router.get("/sessions", async (_req: Request, res: Response) => {
    const { id, operatorId } = sessionOf(res);
    const sessions = (await listSessions(db.pool, operatorId)).map((session) => ({
      id: session.id,
      current: session.id === id,
      userAgent: session.userAgent ?? "",
      address: session.ipAddress ?? "",
      beganAt: session.beganAt.toISOString(),
      seenAt: session.seenAt.toISOString(),
    }));
    res.json({ sessions } satisfies SessionList);
  });

  router.delete("/sessions", async (req: Request, res: Response) => {
    const { id, operatorId } = sessionOf(res);
    audit(log, req, { actor: actorOf(res), what: "end other sessions" });
    await endOtherSessions(db.pool, operatorId, id);
    res.status(204).end();
  });

  router.delete("/sessions/:id", async (req: Request, res: Response) => {
    const { operatorId } = sessionOf(res);
    audit(log, req, { actor: actorOf(res), what: "end session" });
    const id = uuid.safeParse(req.params["id"]);
    if (!id.success || !(await endSession(db.pool, operatorId, id.data))) {
      throw new Problem("not-found", "You have no such session.");
    }
    res.status(204).end();
  });

  router.put("/password", async (req: Request, res: Response) => {
    const session = sessionOf(res);
    const wanted = parseBody(passwordRequest, await readJson(req));
    audit(log, req, { actor: actorOf(res), what: "change password" });
    await accounts.changePassword(session, req, wanted);
    res.status(204).end();
  });

  router.use("/factor", factorRoutes({ accounts, db, log, siteId }));
  return router;
}

/** Routes about one's own second factor: set up, confirmed, renewed, removed. */
function factorRoutes({ accounts: { factors }, db, log, siteId }: Omit<AccountContext, "operatorAccess">): Router {
  const router = Router();
  const audited = (req: Request, res: Response, what: string) => {
    const session = sessionOf(res);
    audit(log, req, { actor: actorOf(res), what });
    return session;
  };

  router.post("/", async (req: Request, res: Response) => {
    const session = audited(req, res, "set up factor");
    const { password } = parseBody(presentPasswordRequest, await readJson(req));
    const operator = await readOperator(db.pool, siteId, session.operatorId);
    if (operator?.twoFactorEnabled === true) {
      throw new Problem("factor-exists", "Remove the second factor before you set up another one.");
    }
    res.json((await factors.setUp(req, session, password)) satisfies FactorSetup);
  });

  router.post("/confirm", async (req: Request, res: Response) => {
    const session = audited(req, res, "confirm factor");
    const { code } = parseBody(codeRequest, await readJson(req));
    await factors.confirm(req, res, { session, code });
    res.status(204).end();
  });

  router.post("/backup-codes", async (req: Request, res: Response) => {
    const session = audited(req, res, "renew backup codes");
    const { password } = parseBody(presentPasswordRequest, await readJson(req));
    const backupCodes = await factors.renewBackupCodes(req, session, password);
    res.json({ backupCodes } satisfies BackupCodeList);
  });

  router.post("/remove", async (req: Request, res: Response) => {
    const session = audited(req, res, "remove factor");
    const { password } = parseBody(presentPasswordRequest, await readJson(req));
    await factors.remove(req, res, { session, password });
    res.status(204).end();
  });

  return router;
}
