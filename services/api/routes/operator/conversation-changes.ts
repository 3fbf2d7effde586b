import { type Request, type Response, Router } from "express";
import { noteLook } from "../../../../shared/db/desk/looks.ts";
import { addNote, type ChangedRow, markSeen, setBlocked } from "../../../../shared/db/desk/changes.ts";
import { cursorOf } from "../../../../shared/events/cursor.ts";
import {
  type LookAnswer,
  lookRequest,
  noteRequest,
  type NoteView,
  type OperatorAnswer,
  seenRequest,
} from "../../../../shared/protocol/operator.ts";
import type { ApiContext } from "../../api-context.ts";
import { parseConversationId, readOwnerHere } from "../../access/access.ts";
import { actorOf } from "../../access/operator-access.ts";
import { parseKey } from "../../middleware/idempotency-header.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";
import { noConversation } from "./conversations.ts";

/** Routes to change what a visitor does not see of their conversation. Each may be sent again. */
export function conversationChangeRoutes({ db, siteId, handling, operatorAccess, typing }: ApiContext): Router {
  const router = Router();
  const mayChange = operatorAccess.require("operator");
  const about = (req: Request, res: Response) => ({
    siteId,
    conversationId: parseConversationId(req.params["id"]),
    operatorId: actorOf(res).operatorId,
  });
  const answer = async (req: Request, res: Response, changed: ChangedRow | undefined) => {
    if (!changed) throw noConversation();
    const { eventSeq, ...who } = changed;
    const id = parseConversationId(req.params["id"]);
    const cursor = cursorOf(id, eventSeq);
    res.json({ ...(await handling.describe(id, who)), cursor } satisfies OperatorAnswer);
  };

  router.post("/:id/notes", mayChange, async (req: Request, res: Response) => {
    const { text } = parseBody(noteRequest, await readJson(req));
    const note = await addNote(db.pool, { ...about(req, res), text, key: parseKey(req) });
    if (!note) throw noConversation();
    const { createdAt, ...kept } = note;
    const view: NoteView = { ...kept, operator: actorOf(res).name, createdAt: createdAt.toISOString() };
    res.status(201).json(view);
  });

  router.post("/:id/seen", mayChange, async (req: Request, res: Response) => {
    const { messageId } = parseBody(seenRequest, (await readJson(req)) ?? {});
    await answer(req, res, await markSeen(db.pool, { ...about(req, res), messageId }));
  });

  router.post("/:id/look", mayChange, async (req: Request, res: Response) => {
    const { looks } = parseBody(lookRequest, await readJson(req));
    const row = await noteLook(db.pool, { ...about(req, res), looks });
    if (!row) throw noConversation();
    res.json(row satisfies LookAnswer);
  });

  router.post("/:id/typing", mayChange, async (req: Request, res: Response) => {
    const { conversationId } = about(req, res);
    const owner = await readOwnerHere({ db, siteId }, conversationId);
    if (!owner || owner.deleted) throw noConversation();
    typing.send({ conversationId, by: "operator", name: actorOf(res).name });
    res.status(204).end();
  });

  router.post("/:id/block", mayChange, async (req: Request, res: Response) => {
    await answer(req, res, await setBlocked(db.pool, { ...about(req, res), blocked: true }));
  });

  router.post("/:id/unblock", mayChange, async (req: Request, res: Response) => {
    await answer(req, res, await setBlocked(db.pool, { ...about(req, res), blocked: false }));
  });

  return router;
}
