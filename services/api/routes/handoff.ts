import { type Request, type Response, Router } from "express";
import { readConversation } from "../../../shared/db/conversations/conversations.ts";
import { Problem } from "../../../shared/errors.ts";
import { cursorOf } from "../../../shared/events/cursor.ts";
import { type HandoffAnswer, handoffRequest } from "../../../shared/protocol/handling.ts";
import type { VoiceNow } from "../../../shared/voices/change-of-voice.ts";
import { handOff, withdrawHandoff } from "../../../shared/voices/hand-over.ts";
import type { ApiContext } from "../api-context.ts";
import { type AccessContext, openConversation } from "../access/access.ts";
import { readJson } from "../middleware/json-body.ts";
import { parseBody } from "../middleware/parse-input.ts";
import { requestId } from "../middleware/request-id.ts";
import { requireNow } from "../voices/voice-problems.ts";

type HandoffContext = AccessContext & Pick<ApiContext, "assistants" | "dispatcher" | "handling" | "live">;

/** `POST` and `DELETE /api/conversations/:id/handoff`: a visitor asks for a person, or no longer does. */
export function handoffRoutes(context: HandoffContext): Router {
  const router = Router();

  router.post("/:id/handoff", async (req: Request, res: Response) => {
    const { id, handledBy } = await openConversation(context, req, req.params["id"]);
    const { reason = "asked", email } = parseBody(handoffRequest, (await readJson(req)) ?? {});
    if (handledBy === "ai") await requirePeople(context, id);
    const now = requireNow(await handOff(context, id, { reason, email }));
    res.json(await answerOf(context, id, now));
  });

  router.delete("/:id/handoff", async (req: Request, res: Response) => {
    const { id } = await openConversation(context, req, req.params["id"]);
    const now = requireNow(await withdrawHandoff(context, id, requestId(res)));
    res.json(await answerOf(context, id, now));
  });

  return router;
}

/** @throws {Problem} where visitors would wait for nobody */
async function requirePeople({ assistants, db }: HandoffContext, conversationId: string): Promise<void> {
  const conversation = await readConversation(db.pool, conversationId);
  if (conversation && assistants.get(conversation.assistantType)?.people) return;
  throw new Problem("no-people", "This assistant hands no conversations to people: its answers are all there is here.");
}

async function answerOf({ handling }: HandoffContext, conversationId: string, now: VoiceNow): Promise<HandoffAnswer> {
  const notice = await handling.insteadOfReply(conversationId, now);
  return {
    ...(await handling.describe(conversationId, now)),
    cursor: cursorOf(conversationId, now.eventSeq),
    ...(notice && { notice }),
  };
}
