import { type Request, type Response, Router } from "express";
import { challengeHeader } from "../../../shared/protocol/headers.ts";
import { type SubmitAnswer, submitRequest } from "../../../shared/protocol/submit.ts";
import type { ApiContext } from "../api-context.ts";
import { admitSubmission } from "../access/access.ts";
import { clientOf } from "../middleware/client.ts";
import { countFaultsAs, refuseUsedUp } from "../middleware/count-faults.ts";
import { parseKey } from "../middleware/idempotency-header.ts";
import { readJson } from "../middleware/json-body.ts";
import { parseBody } from "../middleware/parse-input.ts";
import { preferredWait, remainingWaitMs } from "../middleware/prefer.ts";
import { requestSpan } from "../middleware/observe.ts";
import { noteIds, requestId } from "../middleware/request-id.ts";
import { describeAccepted } from "../submit/describe-accepted.ts";
import { submitMessage } from "../submit/submit-message.ts";
import { answerOfPeople, waitForReply } from "../submit/wait-for-reply.ts";

/** `POST /api/chat`: accepts a message and returns its job. */
export function chatRoutes(context: ApiContext): Router {
  const router = Router();
  const body = submitRequest(context.config.MAX_MESSAGE_CHARS);
  const { submissions } = context.limits;

  router.post("/", countFaultsAs(submissions), async (req: Request, res: Response) => {
    const receivedAt = performance.now();
    // Bounds how many concurrent bodies are parsed: no more than the client may have faults.
    const beforeParsing = () => refuseUsedUp(submissions, req);
    const message = parseBody(body, await readJson(req, { mayHaveHistory: true, beforeParsing }));
    const conversationId = message.conversationId ?? message.sessionId;
    const idempotencyKey = parseKey(req);
    const { visitor, idAlone } = await admitSubmission(context, req, conversationId);
    const { operator, ...submission } = await submitMessage(context, message, {
      conversationId,
      idempotencyKey,
      requestId: requestId(res),
      trace: requestSpan(req).traceparent,
      visitor,
      idAlone,
      proof: { answer: req.get(challengeHeader), address: clientOf(req).address },
    });
    noteIds(req, { jobId: submission.jobId, conversationId: submission.conversationId });
    const accepted = await describeAccepted(context, { ...submission, operator });
    const wait = preferredWait(req);
    const waitMs = wait === undefined ? 0 : remainingWaitMs(wait, receivedAt);
    const ended =
      wait === undefined
        ? undefined
        : submission.handledBy === "ai"
          ? await waitForReply(context, res, submission.jobId, waitMs)
          : await answerOfPeople(context, { ...submission, operator });
    res.location(accepted.links.job);
    if (!ended) res.status(202).json(accepted);
    else res.set("Preference-Applied", `wait=${wait}`).json({ ...accepted, ...ended } satisfies SubmitAnswer);
  });

  return router;
}
