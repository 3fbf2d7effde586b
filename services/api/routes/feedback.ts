import { type Request, type Response, Router } from "express";
import { rateMessage, unrateMessage } from "../../../shared/db/conversations/feedback.ts";
import { rateStretch } from "../../../shared/db/voices/stretch-ratings.ts";
import { Problem } from "../../../shared/errors.ts";
import { feedbackRequest } from "../../../shared/protocol/feedback.ts";
import { stretchRatingRequest } from "../../../shared/protocol/people/stretch-rating.ts";
import { type AccessContext, openConversation, openMessage } from "../access/access.ts";
import { readJson } from "../middleware/json-body.ts";
import { parseBody } from "../middleware/parse-input.ts";

/** `POST /api/messages/:id/feedback`: stores a visitor's rating of a reply. */
export function feedbackRoutes(context: AccessContext): Router {
  const router = Router();

  router.post("/:id/feedback", async (req: Request, res: Response) => {
    const message = await openMessage(context, req, req.params["id"]);
    if (message.sender !== "ai" || message.imported) {
      const fault = "is not a reply of this service";
      throw new Problem("invalid-request", `id: ${fault}`, { errors: [{ path: "id", message: fault }] });
    }
    const { rating, ...said } = parseBody(feedbackRequest, await readJson(req));
    const { id, conversationId } = message;
    const { pool } = context.db;
    if (rating === null) await unrateMessage(pool, conversationId, id);
    else if (!(await rateMessage(pool, conversationId, id, { rating, ...said }))) {
      throw new Problem("not-found", "This conversation was deleted.");
    }
    res.status(204).end();
  });

  return router;
}

/** Numbers of stretches are integers of PostgreSQL, which has no longer ones. */
const stretchNumber = /^[1-9]\d{0,8}$/;

/** `POST /api/conversations/:id/stretches/:no/rating`: a visitor says how it went with a person. */
export function stretchRatingRoutes(context: AccessContext): Router {
  const router = Router();

  router.post("/:id/stretches/:no/rating", async (req: Request, res: Response) => {
    const { id } = await openConversation(context, req, req.params["id"]);
    const given = parseBody(stretchRatingRequest, await readJson(req));
    const { no } = req.params;
    const isStored =
      typeof no === "string" &&
      stretchNumber.test(no) &&
      (await rateStretch(context.db.pool, id, { ...given, no: Number(no) }));
    if (!isStored) {
      throw new Problem(
        "not-found",
        "Nobody is asked about such a stretch: use the number in `ratingAsked` of the conversation.",
      );
    }
    res.status(204).end();
  });

  return router;
}
