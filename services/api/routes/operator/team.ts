import { type Request, type Response, Router } from "express";
import { storeRole } from "../../../../shared/db/accounts/change-role.ts";
import { storeDeparture } from "../../../../shared/db/accounts/departure.ts";
import type { AdminOutcome } from "../../../../shared/db/accounts/last-admin.ts";
import { isBuiltIn, type OperatorRow, readOperator } from "../../../../shared/db/desk/operators.ts";
import { Problem } from "../../../../shared/errors.ts";
import { roleRequest } from "../../../../shared/protocol/people/accounts.ts";
import { id as uuid } from "../../../../shared/protocol/submit.ts";
import { returnConversations } from "../../../../shared/voices/return-conversations.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";
import { idsOf } from "../../middleware/request-id.ts";

type TeamContext = Pick<ApiContext, "db" | "dispatcher" | "live" | "log" | "operatorAccess" | "siteId">;

/** Routes by which admins see to the accounts of others. */
export function teamRoutes(context: TeamContext): Router {
  const router = Router();
  const { db, log, operatorAccess, siteId } = context;
  router.use("/operators/:id", operatorAccess.require("admin"));

  router.delete("/operators/:id", async (req: Request, res: Response) => {
    const actor = actorOf(res);
    audit(log, req, { actor, what: "remove operator" });
    const operator = await findMember(context, req);
    requireRemovable(actor.operatorId, operator);
    requireDone(await storeDeparture(db.pool, siteId, operator.id), operator);
    log.info({ ...idsOf(req), audit: "operator removed", leaver: operator.id, operatorId: actor.operatorId }, "audit");
    await returnSoon(context, req);
    res.status(204).end();
  });

  router.put("/operators/:id/role", async (req: Request, res: Response) => {
    const actor = actorOf(res);
    audit(log, req, { actor, what: "change role" });
    const { role } = parseBody(roleRequest, await readJson(req));
    const operator = await findMember(context, req);
    if (isBuiltIn(operator)) {
      throw new Problem("role-fixed", `${operator.name} acts for a password of the configuration, which has one role.`);
    }
    requireDone(await storeRole(db.pool, { siteId, operatorId: operator.id, role }), operator);
    const changed = { member: operator.id, from: operator.role, to: role, operatorId: actor.operatorId };
    log.info({ ...idsOf(req), audit: "role changed", ...changed }, "audit");
    if (role === "reader") await returnSoon(context, req);
    res.status(204).end();
  });

  return router;
}

/** @throws {Problem} if there is no such operator, or no more */
async function findMember({ db, siteId }: TeamContext, req: Request): Promise<OperatorRow> {
  const id = uuid.safeParse(req.params["id"]).data;
  const operator = id && (await readOperator(db.pool, siteId, id));
  if (!operator) throw gone();
  return operator;
}

/** @throws {Problem} for oneself, since another admin has to stay, and for operators of the configuration */
function requireRemovable(actorId: string, operator: { id: string; name: string }): void {
  if (operator.id === actorId) throw new Problem("not-removable", "Nobody removes themselves: ask another admin.");
  if (isBuiltIn(operator)) {
    throw new Problem(
      "not-removable",
      `${operator.name} acts for a password of the configuration: unset that instead.`,
    );
  }
}

function requireDone(outcome: AdminOutcome, { name }: { name: string }): void {
  if (outcome === "gone") throw gone();
  if (outcome === "last-admin") {
    throw new Problem("last-admin", `${name} is the last admin with an account: make somebody else an admin first.`);
  }
}

function gone(): Problem {
  return new Problem("not-found", "There is no such operator, or no more.");
}

/** Returns conversations that nobody has any more; without success a worker does it. */
async function returnSoon(context: TeamContext, req: Request): Promise<void> {
  await returnConversations(context).catch((error: unknown) => {
    const message = "conversations of an operator could not be returned; a worker does it";
    context.log.warn({ ...idsOf(req), err: error }, message);
  });
}
