import { type Request, type Response, Router } from "express";
import { actionAnswer } from "../../../shared/protocol/actions/action-card.ts";
import { openAction } from "../access/access.ts";
import type { ApiContext } from "../api-context.ts";
import { countFaultsAs, refuseUsedUp } from "../middleware/count-faults.ts";
import { readJson } from "../middleware/json-body.ts";
import { requestSpan } from "../middleware/observe.ts";
import { parseBody } from "../middleware/parse-input.ts";
import { noteIds, requestId } from "../middleware/request-id.ts";
import { describeAccepted } from "../submit/describe-accepted.ts";
import { answerAction } from "./answer-action.ts";

/** `POST /api/actions/:id`: a visitor says yes or no to what the assistant proposed. */
export function actionRoutes(context: ApiContext): Router {
  const router = Router();
  const { submissions } = context.limits;

  router.post("/:id", countFaultsAs(submissions), async (req: Request, res: Response) => {
    const { action, visitor } = await openAction(context, req, req.params["id"]);
    const { confirm } = parseBody(
      actionAnswer,
      await readJson(req, { beforeParsing: () => refuseUsedUp(submissions, req) }),
    );
    const origin = { requestId: requestId(res), trace: requestSpan(req).traceparent };
    const { repeated, ...submission } = await answerAction(context, action, { confirm, visitor, ...origin });
    noteIds(req, { jobId: submission.jobId });
    const accepted = await describeAccepted(context, submission);
    res
      .location(accepted.links.job)
      .status(repeated ? 200 : 202)
      .json(accepted);
  });

  return router;
}
