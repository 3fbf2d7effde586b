import { type Request, type Response, Router } from "express";
import { readOwner } from "../../../shared/db/conversations/conversations.ts";
import { challengeHeader } from "../../../shared/protocol/headers.ts";
import { type SubmitAnswer, submitRequest } from "../../../shared/protocol/submit.ts";
import type { ApiContext } from "../api-context.ts";
import { hasEnded, toJobView } from "../follow/job-view.ts";
import { admitSubmission } from "../access/access.ts";
import { clientOf, untilClosed } from "../middleware/client.ts";
import { countFaultsAs, refuseUsedUp } from "../middleware/count-faults.ts";
import { parseKey } from "../middleware/idempotency-header.ts";
import { readJson } from "../middleware/json-body.ts";
import { parseBody } from "../middleware/parse-input.ts";
import { preferredWait, remainingWaitMs } from "../middleware/prefer.ts";
import { requestSpan } from "../middleware/observe.ts";
import { idsOf, noteIds, requestId } from "../middleware/request-id.ts";
import { describeAccepted } from "../submit/describe-accepted.ts";
import { type Submission, submitMessage } from "../submit/submit-message.ts";

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

/** Fields added to the answer of a request that would wait, but for people: they answer later. */
async function answerOfPeople(
  { handling }: Pick<ApiContext, "handling">,
  submission: Pick<Submission, "conversationId" | "handledBy" | "operator">,
) {
  const notice = await handling.insteadOfReply(submission.conversationId, submission);
  return { message: null, reply: null, ...(notice && { notice }) };
}

/** Fields added to the answer of a request that waits, if the job ends in time. */
async function waitForReply(
  context: Pick<ApiContext, "db" | "handling" | "openRequests" | "watch" | "log">,
  res: Response,
  jobId: string,
  waitMs: number,
) {
  const { openRequests, watch, log } = context;
  const signal = untilClosed(res);
  if (!openRequests.take(clientOf(res.req).network, signal)) return undefined;
  const row = await watch.waitForEnd(jobId, waitMs, signal).catch((error: unknown) => {
    // The message is already accepted, so a failed wait must not turn the answer into an error.
    log.warn({ ...idsOf(res.req), err: error }, "could not wait for a reply");
    return undefined;
  });
  if (!row || !hasEnded(row.status)) return undefined;
  const { status, reply, error, handledBy, conversationId, provider, assistantId, threadId } = toJobView(row);
  if (handledBy !== undefined) {
    const owner = await readOwner(context.db.pool, conversationId);
    const people = { conversationId, handledBy, operator: owner?.handledBy === handledBy ? owner.operator : null };
    return {
      status,
      error,
      ...(await context.handling.describe(conversationId, people)),
      ...(await answerOfPeople(context, people)),
    };
  }
  if (status === "completed") {
    const said = { message: reply?.text, reply: reply?.text, sources: reply?.sources };
    return { status, ...said, provider, assistantId, threadId: threadId ?? null };
  }
  return { status, error };
}
