import { type Request, type Response, Router } from "express";
import { type JobRow, readJob, readPositions } from "../../../shared/db/jobs/read-job.ts";
import { readRestarts, readRuns } from "../../../shared/db/jobs/timeline.ts";
import { Problem } from "../../../shared/errors.ts";
import { cancelJob } from "../../../shared/jobs/cancel-job.ts";
import { endEventId, type JobEvent } from "../../../shared/protocol/events.ts";
import type { ApiContext } from "../api-context.ts";
import { followJob, parseCursor } from "../follow/follow-job.ts";
import { hasEnded, toJobView } from "../follow/job-view.ts";
import { toTimeline } from "../follow/timeline-view.ts";
import { type AccessContext, authenticate, authorizeJob, openJob, parseJobId } from "../access/access.ts";
import { clientOf, untilClosed } from "../middleware/client.ts";
import { requestSpan } from "../middleware/observe.ts";
import { preferredWait, remainingWaitMs } from "../middleware/prefer.ts";
import { idsOf } from "../middleware/request-id.ts";
import { lastEventIdOf, passes } from "../follow/stream-request.ts";
import { traceEvents } from "../telemetry/trace-events.ts";
import type { Watcher } from "../follow/watcher.ts";

/** `Retry-After` for a job that has not ended, in seconds. */
const pollSeconds = 1;

/** Routes to follow and stop a job. */
export function jobRoutes(context: ApiContext): Router {
  const router = Router();
  const { openRequests } = context;

  router.get("/:jobId", async (req: Request, res: Response) => {
    const receivedAt = performance.now();
    const job = await openJob(context, req, req.params["jobId"]);
    const wait = preferredWait(req);
    const signal = untilClosed(res);
    // A client that has used up its open requests is answered at once.
    const waits = wait !== undefined && (hasEnded(job.status) || openRequests.take(clientOf(req).network, signal));
    const waitMs = waits && !hasEnded(job.status) ? remainingWaitMs(wait, receivedAt) : 0;
    const row = waitMs > 0 ? ((await context.watch.waitForEnd(job.id, waitMs, signal)) ?? job) : job;
    if (waits) res.set("Preference-Applied", `wait=${wait}`);
    if (!hasEnded(row.status)) res.set("Retry-After", String(pollSeconds));
    res.json(toJobView(row, await readProgress(context, row)));
  });

  router.get("/:jobId/events", (req: Request, res: Response) => sendEvents(context, req, res));

  router.get("/:jobId/timeline", async (req: Request, res: Response) => {
    const job = await openJob(context, req, req.params["jobId"]);
    const { pool } = context.db;
    res.json(toTimeline(job, await readRuns(pool, job.id), await readRestarts(pool, job.id)));
  });

  router.delete("/:jobId", async (req: Request, res: Response) => {
    const job = await openJob(context, req, req.params["jobId"]);
    const result = await cancelJob(context, job);
    if (result === "ended") throw new Problem("already-ended", "The job has ended: there is nothing to cancel.");
    const row = (await readJob(context.db.pool, job.id)) ?? job;
    res.status(result === "cancelled" ? 200 : 202).json(toJobView(row));
  });

  return router;
}

async function sendEvents(context: ApiContext, req: Request, res: Response): Promise<void> {
  const { openRequests, streams } = context;
  const jobId = parseJobId(req.params["jobId"]);
  const lastEventId = lastEventIdOf(req);
  const signal = untilClosed(res);
  const found = await openStream(context, req, { jobId, lastEventId, signal }).catch((error: unknown) => {
    if (!passes(error)) throw error;
    streams.sendBack(res);
    return undefined;
  });
  if (!found) return;
  const { job, watcher } = found;
  if (req.method === "HEAD") {
    res.type("text/event-stream").end();
    return;
  }
  if (!watcher) {
    res.status(204).end();
    return;
  }
  if (!openRequests.take(clientOf(req).network, signal)) {
    streams.sendBack(res);
    return;
  }
  const events = followJob(context, { watcher, row: job, from: parseCursor(lastEventId) });
  void streams.pump(res, inTrace(context, req, job, events), (error) => {
    context.log.warn({ ...idsOf(req), err: error }, "event stream closed for reconnection");
  });
}

/**
 * Authorises a stream, and opens its watcher before the row is read, so that no change falls in between.
 * @returns no watcher for a request that gets no events: a `HEAD`, or a client that has seen the end
 */
async function openStream(
  context: AccessContext & Pick<ApiContext, "watch">,
  req: Request,
  { jobId, lastEventId, signal }: { jobId: string; lastEventId: string | undefined; signal: AbortSignal },
): Promise<{ job: JobRow; watcher: Watcher | undefined }> {
  const holder = await authenticate(context, req);
  const watches = req.method !== "HEAD" && lastEventId !== endEventId;
  const watcher = watches ? await context.watch.open(jobId, signal) : undefined;
  const job = await authorizeJob(context, req, holder, await readJob(context.db.pool, jobId));
  return { job, watcher };
}

/** Puts the stream's span into the trace of its job, and links it to the span of its own request. */
function inTrace(
  { tracing }: Pick<ApiContext, "tracing">,
  req: Request,
  { id, trace }: JobRow,
  events: AsyncIterable<JobEvent>,
) {
  if (!tracing.on || trace === null) return events;
  const link = requestSpan(req).traceparent;
  return traceEvents(events, tracing.start("follow job", { parent: trace, link, attributes: { "parley.job.id": id } }));
}

/** Fields that change only while a job has not ended. A failed read leaves its field out. */
async function readProgress(
  { db, live }: Pick<ApiContext, "db" | "live">,
  row: JobRow,
): Promise<{ position?: number; partial?: string }> {
  if (row.status === "queued") {
    const position = (await readPositions(db.pool, [row.id])).get(row.id);
    return position === undefined ? {} : { position };
  }
  if (row.status !== "active") return {};
  const draft = await live.readDraft(row.id, row.attempt, 0).catch(() => undefined);
  return { partial: draft?.bytes.toString() ?? "" };
}
