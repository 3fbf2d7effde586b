import { type Request, type Response, Router } from "express";
import { inviteByMail, inviteOperator } from "../../../../shared/accounts/invite.ts";
import { listOpenInvitations, withdrawInvitation } from "../../../../shared/db/accounts/invitations.ts";
import { isMailSent } from "../../../../shared/db/operators/process-reports.ts";
import { Problem } from "../../../../shared/errors.ts";
import { type Invitation, type InvitationList, inviteRequest } from "../../../../shared/protocol/people/accounts.ts";
import { id as uuid } from "../../../../shared/protocol/submit.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";

type InvitationContext = Pick<ApiContext, "config" | "db" | "log" | "operatorAccess" | "siteId">;

/** Routes by which admins invite, see who is invited, and withdraw it. */
export function invitationRoutes({ config, db, log, operatorAccess, siteId }: InvitationContext): Router {
  const router = Router();
  router.use(operatorAccess.require("admin"));

  router.get("/", async (req: Request, res: Response) => {
    audit(log, req, { actor: actorOf(res), what: "list invitations" });
    const [rows, mail] = await Promise.all([listOpenInvitations(db.pool, siteId), isMailSent(db.pool)]);
    const invitations = rows.map(({ id, email, name, role, invitedBy, createdAt, endsAt, mail: state }) => ({
      id,
      email,
      name,
      role,
      ...(invitedBy !== null && { invitedBy }),
      madeAt: createdAt.toISOString(),
      endsAt: endsAt.toISOString(),
      ...(state !== null && { mail: state }),
    }));
    res.json({ invitations, mail } satisfies InvitationList);
  });

  router.post("/", async (req: Request, res: Response) => {
    const { email, name, role, by } = parseBody(inviteRequest, await readJson(req));
    const actor = actorOf(res);
    audit(log, req, { actor, what: "invite" });
    const byMail = by !== "link" && (await isMailSent(db.pool));
    if (by === "mail" && !byMail) throw new Problem("no-mail", "No worker has a mail server: ask for a link.");
    const base = config.CONSOLE_URL ?? req.get("Origin") ?? `${req.protocol}://${req.host}`;
    const invitee = { siteId, email, name, role, madeBy: actor.operatorId };
    const made = await (byMail ? inviteByMail(db.pool, invitee) : inviteOperator(db.pool, { ...invitee, base }));
    if (typeof made === "string") throw refusals[made]();
    const { endsAt, ...invited } = made;
    res.status(201).json({ email, role, ...invited, endsAt: endsAt.toISOString() } satisfies Invitation);
  });

  router.delete("/:id", async (req: Request, res: Response) => {
    audit(log, req, { actor: actorOf(res), what: "withdraw invitation" });
    const id = uuid.safeParse(req.params["id"]).data;
    if (!id || !(await withdrawInvitation(db.pool, siteId, id))) {
      throw new Problem("not-found", "There is no such invitation, or no more: it was used, or withdrawn.");
    }
    res.status(204).end();
  });

  return router;
}

const refusals = {
  "has-account": () => new Problem("account-exists", "This address has an account already."),
  "name-taken": () => new Problem("account-exists", "Another operator has this name. Give another one."),
};
