import { type Request, type Response, Router } from "express";
import { inviteOperator } from "../../../../shared/accounts/invite.ts";
import { endOtherSessions, endSession, listSessions } from "../../../../shared/db/accounts/operator-sessions.ts";
import { Problem } from "../../../../shared/errors.ts";
import { storeDeparture } from "../../../../shared/db/accounts/departure.ts";
import { builtIn, readOperator } from "../../../../shared/db/desk/operators.ts";
import {
  type BackupCodeList,
  codeRequest,
  type FactorSetup,
  type Invitation,
  inviteRequest,
  passwordRequest,
  presentPasswordRequest,
  type SessionList,
} from "../../../../shared/protocol/people/accounts.ts";
import { id as uuid } from "../../../../shared/protocol/submit.ts";
import { returnConversations } from "../../../../shared/voices/return-conversations.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf, sessionOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { readJson } from "../../middleware/json-body.ts";
import { idsOf } from "../../middleware/request-id.ts";
import { parseBody } from "../../middleware/parse-input.ts";

type AccountContext = Pick<ApiContext, "accounts" | "config" | "db" | "log" | "operatorAccess" | "siteId">;

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
function factorRoutes({
  accounts: { factors },
  db,
  log,
  siteId,
}: Omit<AccountContext, "config" | "operatorAccess">): Router {
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

type TeamContext = AccountContext & Pick<ApiContext, "dispatcher" | "live">;

/** Routes by which admins see to the accounts of others. */
export function teamRoutes(context: TeamContext): Router {
  const router = Router();
  const { config, db, log, operatorAccess, siteId } = context;

  router.post("/invitations", operatorAccess.require("admin"), async (req: Request, res: Response) => {
    const { email, name, role } = parseBody(inviteRequest, await readJson(req));
    const actor = actorOf(res);
    audit(log, req, { actor, what: "invite" });
    const base = config.CONSOLE_URL ?? req.get("Origin") ?? `${req.protocol}://${req.host}`;
    const made = await inviteOperator(db.pool, { siteId, email, name, role, madeBy: actor.operatorId, base });
    if (typeof made === "string") throw refusals[made]();
    const { endsAt, ...invited } = made;
    res.status(201).json({ email, role, ...invited, endsAt: endsAt.toISOString() } satisfies Invitation);
  });

  router.delete("/operators/:id", operatorAccess.require("admin"), async (req: Request, res: Response) => {
    const actor = actorOf(res);
    audit(log, req, { actor, what: "remove operator" });
    const id = uuid.safeParse(req.params["id"]).data;
    const operator = id && (await readOperator(db.pool, siteId, id));
    if (!operator) throw new Problem("not-found", "There is no such operator, or no more.");
    requireRemovable(actor.operatorId, operator);
    await storeDeparture(db.pool, siteId, operator.id);
    log.info({ ...idsOf(req), audit: "operator removed", leaver: operator.id, operatorId: actor.operatorId }, "audit");
    await returnConversations(context).catch((error: unknown) => {
      log.warn({ ...idsOf(req), err: error }, "conversations of a leaver could not be returned; a worker does it");
    });
    res.status(204).end();
  });

  return router;
}

const refusals = {
  "has-account": () => new Problem("account-exists", "This address has an account already."),
  "name-taken": () => new Problem("account-exists", "Another operator has this name. Give another one."),
};

/** @throws {Problem} for oneself, since another admin has to stay, and for operators of the configuration */
function requireRemovable(actorId: string, { id, name }: { id: string; name: string }): void {
  if (id === actorId) throw new Problem("not-removable", "Nobody removes themselves: ask another admin.");
  if (Object.values(builtIn).some((each) => each.name === name)) {
    throw new Problem("not-removable", `${name} acts for a password of the configuration: unset that instead.`);
  }
}
