import { type Request, type Response, Router } from "express";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import {
  type AskedRow,
  askSuggestion,
  maxSuggestionsAMinute,
  readSuggestion,
  type SuggestionRow,
} from "../../../../shared/db/desk/suggestions.ts";
import { Problem } from "../../../../shared/errors.ts";
import type { SuggestionError, SuggestionView } from "../../../../shared/protocol/people/suggestions.ts";
import type { ApiContext } from "../../api-context.ts";
import { parseConversationId } from "../../access/access.ts";
import { actorOf } from "../../access/operator-access.ts";
import { preferredWait, remainingWaitMs } from "../../middleware/prefer.ts";
import { requireNow } from "../../voices/voice-problems.ts";
import { noConversation } from "./conversations.ts";

const lookEveryMs = 300;
const tooOftenSeconds = 10;

/** Words for the operator who waits for a suggestion. */
const errors: Readonly<Record<SuggestionError, string>> = {
  budget: "The assistant has used up its budget for today.",
  unavailable: "No provider could answer. Try again in a minute.",
  lost: "No suggestion came in time. Ask again.",
};

/** Routes by which an operator asks the assistant for a draft of an answer. The visitor never learns of it. */
export function suggestionRoutes({
  db,
  siteId,
  operatorAccess,
}: Pick<ApiContext, "db" | "siteId" | "operatorAccess">): Router {
  const router = Router();
  const mayAsk = operatorAccess.require("operator");
  const about = (req: Request, res: Response) => ({
    siteId,
    conversationId: parseConversationId(req.params["id"]),
    operatorId: actorOf(res).operatorId,
  });

  router.post("/:id/suggestions", mayAsk, async (req: Request, res: Response) => {
    const asking = { ...about(req, res), id: v7() };
    const asked = await askSuggestion(db.pool, asking);
    if (!asked) throw noConversation();
    if (asked.id === null) throw refusalOf(asked, asking.operatorId);
    res.status(201).json({ id: asked.id, status: "writing" } satisfies SuggestionView);
  });

  router.get("/:id/suggestions/:suggestionId", async (req: Request, res: Response) => {
    const id = parseConversationId(req.params["suggestionId"]);
    const [receivedAt, seconds] = [performance.now(), preferredWait(req) ?? 0];
    for (;;) {
      const row = await readSuggestion(db.pool, { ...about(req, res), id });
      if (!row) throw new Problem("not-found", "There is no such suggestion, or no more. Ask for another.");
      if (row.state !== "writing" || res.closed || remainingWaitMs(seconds, receivedAt) === 0) {
        res.json(toView(id, row));
        return;
      }
      await sleep(Math.min(lookEveryMs, remainingWaitMs(seconds, receivedAt)));
    }
  });

  return router;
}

/** Says why nothing was asked. */
function refusalOf({ handledBy, operatorId, paused, hasQuestion }: AskedRow, asker: string): Problem {
  if (handledBy !== "operator" || operatorId !== asker)
    return new Problem("not-theirs", "Take the conversation first: suggestions are for the person who answers.");
  if (paused) requireNow({ type: "paused" });
  if (!hasQuestion) return new Problem("nothing-to-answer", "The visitor has written nothing that could be answered.");
  return new Problem("rate-limited", `You may ask for ${maxSuggestionsAMinute} suggestions a minute.`, {
    retryAfterSeconds: tooOftenSeconds,
  });
}

function toView(id: string, { state, text, sources, errorCode }: SuggestionRow): SuggestionView {
  return {
    id,
    status: state,
    ...(text !== null && { text, sources: sources ?? [] }),
    ...(errorCode !== null && { error: { code: errorCode, message: errors[errorCode] } }),
  };
}
