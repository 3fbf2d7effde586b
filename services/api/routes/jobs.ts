import { type Request, type Response, Router } from "express";
import { type JobRow, readPositions } from "../../../shared/db/read-job.ts";
import { readRuns } from "../../../shared/db/timeline.ts";
import { isDatabaseAway } from "../../../shared/db/database.ts";
import { Problem } from "../../../shared/errors.ts";
import { cancelJob } from "../../../shared/jobs/cancel-job.ts";
import { endEventId } from "../../../shared/protocol/events.ts";
import type { ApiContext } from "../api-context.ts";
import { followJob, parseCursor } from "../follow-job.ts";
import { hasEnded, toJobView } from "../job-view.ts";
import { toTimeline } from "../timeline-view.ts";
import { openJob } from "../middleware/access.ts";
import { preferredWait } from "../middleware/prefer.ts";
import { untilClosed } from "../until-closed.ts";

/** When to ask again for a job that has not ended, in seconds. */
const pollSeconds = 1;

/** Following and stopping a job. */
export function jobRoutes(context: ApiContext): Router {
  const router = Router();

  router.get("/:jobId", async (req: Request, res: Response) => {
    const job = await openJob(context, req, req.params["jobId"]);
    const wait = preferredWait(req);
    const row =
      wait === undefined || hasEnded(job.status)
        ? job
        : ((await context.watch.waitForEnd(job.id, wait * 1000, untilClosed(res))) ?? job);
    if (wait !== undefined) res.set("Preference-Applied", `wait=${wait}`);
    if (!hasEnded(row.status)) res.set("Retry-After", String(pollSeconds));
    res.json(toJobView(row, await readProgress(context, row)));
  });

  router.get("/:jobId/events", async (req: Request, res: Response) => {
    const lastEventId = req.get("Last-Event-ID");
    const job = await openJob(context, req, req.params["jobId"]).catch((error: unknown) => {
      if (!isDatabaseAway(error)) throw error;
      context.streams.sendBack(res);
      return undefined;
    });
    if (!job) return;
    if (req.method === "HEAD") {
      res.type("text/event-stream").end();
      return;
    }
    if (lastEventId === endEventId) {
      res.status(204).end();
      return;
    }
    const events = followJob(context, { jobId: job.id, from: parseCursor(lastEventId), signal: untilClosed(res) });
    await context.streams.pump(res, events, (error) => {
      context.log.warn({ err: error, jobId: job.id }, "event stream sent back");
    });
  });

  router.get("/:jobId/timeline", async (req: Request, res: Response) => {
    const job = await openJob(context, req, req.params["jobId"]);
    res.json(toTimeline(job, await readRuns(context.db.pool, job.id)));
  });

  router.delete("/:jobId", async (req: Request, res: Response) => {
    const job = await openJob(context, req, req.params["jobId"]);
    const result = await cancelJob(context, job);
    if (result === "ended") throw new Problem("already-ended", "There is nothing left to stop.");
    const row = await openJob(context, req, job.id);
    res.status(result === "cancelled" ? 200 : 202).json(toJobView(row));
  });

  return router;
}

/** What only moves while a job has not ended; trouble with either leaves it out. */
async function readProgress({ db, live }: ApiContext, row: JobRow): Promise<{ position?: number; partial?: string }> {
  if (row.status === "queued") {
    const position = (await readPositions(db.pool, [row.id])).get(row.id);
    return position === undefined ? {} : { position };
  }
  if (row.status !== "active") return {};
  const draft = await live.readDraft(row.id, row.attempt, 0).catch(() => undefined);
  return { partial: draft?.bytes.toString() ?? "" };
}
