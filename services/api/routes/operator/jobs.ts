import { type Request, type Response, Router } from "express";
import { readReplyPassages } from "../../../../shared/db/replies/reply-passages.ts";
import { Problem } from "../../../../shared/errors.ts";
import type { OperatorJob } from "../../../../shared/protocol/knowledge/retrieved-passage.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { noteIds } from "../../middleware/request-id.ts";
import { jobReadRoutes } from "../jobs.ts";

/** Routes to follow a job, as for visitors, and to see what its reply was made from. */
export function deskJobRoutes(context: ApiContext): Router {
  const router = Router();
  router.use(
    jobReadRoutes(context, {
      admit: async (req: Request, res: Response) => async (job) => {
        if (!job || job.conversationDeleted || job.siteId !== context.siteId)
          throw new Problem("not-found", "There is no such job.");
        const { id, conversationId } = job;
        noteIds(req, { jobId: id, conversationId });
        audit(context.log, req, { actor: actorOf(res), what: "read job", conversationId });
        return job;
      },
      more: async ({ id: jobId }): Promise<Pick<OperatorJob, "passages">> => {
        return { passages: await readReplyPassages(context.db.pool, { siteId: context.siteId, jobId }) };
      },
      takeSlot: (_req, res, signal) => context.operatorStreams.take(actorOf(res).operatorId, signal),
    }),
  );
  return router;
}
