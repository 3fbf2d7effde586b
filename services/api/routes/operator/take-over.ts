import { type Request, type Response, Router } from "express";
import { noteIdOf } from "../../../../shared/db/desk/changes.ts";
import { readOperator } from "../../../../shared/db/desk/operators.ts";
import { Problem } from "../../../../shared/errors.ts";
import { cursorOf } from "../../../../shared/events/cursor.ts";
import {
  assignRequest,
  type OperatorAnswer,
  operatorMessageRequest,
  releaseRequest,
  takeRequest,
} from "../../../../shared/protocol/operator.ts";
import type { VoiceOutcome } from "../../../../shared/voices/change-of-voice.ts";
import { close, release } from "../../../../shared/voices/hand-over.ts";
import { takeOver } from "../../../../shared/voices/take-over.ts";
import type { ApiContext } from "../../api-context.ts";
import { type Actor, actorOf } from "../../access/operator-access.ts";
import { parseConversationId } from "../../access/access.ts";
import { parseKey } from "../../middleware/idempotency-header.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";
import { requestId } from "../../middleware/request-id.ts";
import { sayAsOperator } from "../../voices/say-as-operator.ts";
import { requireNow } from "../../voices/voice-problems.ts";

type TakeOverContext = Pick<
  ApiContext,
  "db" | "dispatcher" | "handling" | "live" | "log" | "operatorAccess" | "siteId"
>;

/** Routes by which operators change who answers: `/api/operator/conversations/:id/…`. */
export function takeOverRoutes(context: TakeOverContext): Router {
  const router = Router();
  router.post(
    ["/:id/take", "/:id/messages", "/:id/release", "/:id/assign", "/:id/close"],
    [...context.operatorAccess.require("operator")],
  );

  router.post("/:id/take", async (req: Request, res: Response) => {
    const { id, actor } = addressed(req, res);
    const { force } = parseBody(takeRequest, (await readJson(req)) ?? {});
    const { operatorId } = actor;
    const to = { operatorId, actorId: operatorId, reason: "taken", force: force && mayForce(actor) } as const;
    await answer(context, res, id, await takeOver(context, id, to));
  });

  router.post("/:id/messages", async (req: Request, res: Response) => {
    const { id, actor } = addressed(req, res);
    const { text } = parseBody(operatorMessageRequest, await readJson(req));
    res.status(201).json(await sayAsOperator(context, { id, text, operatorId: actor.operatorId, key: parseKey(req) }));
  });

  router.post("/:id/release", async (req: Request, res: Response) => {
    const { id, actor } = addressed(req, res);
    const { to } = parseBody(releaseRequest, await readJson(req));
    const leaving = { operatorId: actor.operatorId, force: actor.role === "admin", requestId: requestId(res) };
    await answer(context, res, id, await release(context, id, { ...leaving, to }));
  });

  router.post("/:id/assign", async (req: Request, res: Response) => {
    const { id, actor } = addressed(req, res);
    const { operatorId, note: text } = parseBody(assignRequest, await readJson(req));
    await requireAnswering(context, operatorId);
    const { operatorId: actorId } = actor;
    const author = { conversationId: id, operatorId: actorId };
    const note = text === undefined ? undefined : { id: noteIdOf(author, parseKey(req)), text, operatorId: actorId };
    const to = { operatorId, actorId, reason: "assigned", force: actor.role === "admin", note } as const;
    await answer(context, res, id, await takeOver(context, id, to));
  });

  router.post("/:id/close", async (req: Request, res: Response) => {
    const { id, actor } = addressed(req, res);
    const leaving = { operatorId: actor.operatorId, force: actor.role === "admin" };
    await answer(context, res, id, await close(context, id, leaving));
  });

  return router;
}

function addressed(req: Request, res: Response): { id: string; actor: Actor } {
  return { id: parseConversationId(req.params["id"]), actor: actorOf(res) };
}

/** @throws {Problem} for an operator who asks for what admins may do */
function mayForce({ role, name }: Actor): true {
  if (role === "admin") return true;
  throw new Problem("role-required", `"force" needs the role "admin"; ${name} has "${role}".`);
}

/** @throws {Problem} for someone who cannot answer visitors */
async function requireAnswering({ db, siteId }: TakeOverContext, operatorId: string): Promise<void> {
  const operator = await readOperator(db.pool, siteId, operatorId);
  if (operator && operator.role !== "reader") return;
  const message = operator ? "this operator only reads" : "there is no such operator";
  throw new Problem("invalid-request", `operatorId: ${message}`, { errors: [{ path: "operatorId", message }] });
}

async function answer({ handling }: TakeOverContext, res: Response, id: string, outcome: VoiceOutcome): Promise<void> {
  const now = requireNow(outcome);
  res.json({ ...(await handling.describe(id, now)), cursor: cursorOf(id, now.eventSeq) } satisfies OperatorAnswer);
}
