import { type Request, type Response, Router } from "express";
import { type JobRow, readJob, readPositions } from "../../../shared/db/jobs/read-job.ts";
import { readRestarts, readRuns } from "../../../shared/db/jobs/timeline.ts";
import { Problem } from "../../../shared/errors.ts";
import { cancelJob } from "../../../shared/jobs/cancel-job.ts";
import { endEventId } from "../../../shared/protocol/events.ts";
import type { ApiContext } from "../api-context.ts";
import { followJob, parseCursor } from "../follow/follow-job.ts";
import { hasEnded, toJobView } from "../follow/job-view.ts";
import { toTimeline } from "../follow/timeline-view.ts";
import { authenticate, authorizeJob, openJob, parseJobId } from "../access/access.ts";
import { clientOf, untilClosed } from "../middleware/client.ts";
import { requestSpan } from "../middleware/observe.ts";
import { preferredWait, remainingWaitMs } from "../middleware/prefer.ts";
import { idsOf } from "../middleware/request-id.ts";
import { lastEventIdOf, passes } from "../follow/stream-request.ts";
import { traceFollowed } from "../telemetry/trace-events.ts";
import type { Watcher } from "../follow/watcher.ts";

/** `Retry-After` for a job that has not ended, in seconds. */
const pollSeconds = 1;

/** Decides who may read a job. */
interface JobReaders {
  /**
   * Verifies the credentials of a request, and counts it.
   * @returns the check of the job's row, read after it; `undefined`: there is none
   */
  admit: (req: Request, res: Response) => Promise<(job: JobRow | undefined) => Promise<JobRow>>;
  /** Takes one of the open requests that a client may have, until `signal` ends; false if none is left. */
  takeSlot: (req: Request, res: Response, signal: AbortSignal) => boolean;
  /** Adds what only these readers see of a job. */
  more?: (job: JobRow) => Promise<object>;
}

/** Routes for visitors to follow and stop a job. */
export function jobRoutes(context: ApiContext): Router {
  const router = Router();
  router.use(
    jobReadRoutes(context, {
      admit: async (req) => {
        const holder = await authenticate(context, req);
        return (job) => authorizeJob(context, req, holder, job);
      },
      takeSlot: (req, _res, signal) => context.openRequests.take(clientOf(req).network, signal),
    }),
  );

  router.delete("/:jobId", async (req: Request, res: Response) => {
    const job = await openJob(context, req, req.params["jobId"]);
    const result = await cancelJob(context, job);
    if (result === "ended") throw new Problem("already-ended", "The job has ended: there is nothing to cancel.");
    const row = (await readJob(context.db.pool, job.id)) ?? job;
    res.status(result === "cancelled" ? 200 : 202).json(toJobView(row));
  });

  return router;
}

/** Routes to follow a job, for those who may read it. */
export function jobReadRoutes(context: ApiContext, readers: JobReaders): Router {
  const router = Router();
  const { pool } = context.db;
  const open = async (req: Request, res: Response) => {
    const jobId = parseJobId(req.params["jobId"]);
    const admitJob = await readers.admit(req, res);
    return admitJob(await readJob(pool, jobId));
  };

  router.get("/:jobId", async (req: Request, res: Response) => {
    const receivedAt = performance.now();
    const job = await open(req, res);
    const wait = preferredWait(req);
    const signal = untilClosed(res);
    // A client that has used up its open requests is answered at once.
    const waits = wait !== undefined && (hasEnded(job.status) || readers.takeSlot(req, res, signal));
    const waitMs = waits && !hasEnded(job.status) ? remainingWaitMs(wait, receivedAt) : 0;
    const row = waitMs > 0 ? ((await context.watch.waitForEnd(job.id, waitMs, signal)) ?? job) : job;
    if (waits) res.set("Preference-Applied", `wait=${wait}`);
    if (!hasEnded(row.status)) res.set("Retry-After", String(pollSeconds));
    res.json({ ...toJobView(row, await readProgress(context, row)), ...(await readers.more?.(row)) });
  });

  router.get("/:jobId/events", (req: Request, res: Response) => sendEvents(context, readers, req, res));

  router.get("/:jobId/timeline", async (req: Request, res: Response) => {
    const job = await open(req, res);
    res.json(toTimeline(job, await readRuns(pool, job.id), await readRestarts(pool, job.id)));
  });

  return router;
}

async function sendEvents(context: ApiContext, readers: JobReaders, req: Request, res: Response): Promise<void> {
  const { streams } = context;
  const jobId = parseJobId(req.params["jobId"]);
  const lastEventId = lastEventIdOf(req);
  const signal = untilClosed(res);
  const admit = () => readers.admit(req, res);
  const watches = req.method !== "HEAD" && lastEventId !== endEventId;
  const found = await openStream(context, { jobId, admit, watches, signal }).catch((error: unknown) => {
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
  if (!readers.takeSlot(req, res, signal)) {
    streams.sendBack(res);
    return;
  }
  const events = followJob(context, { watcher, row: job, from: parseCursor(lastEventId) });
  void streams.pump(res, traceFollowed(context, job, requestSpan(req).traceparent, events), (error) => {
    context.log.warn({ ...idsOf(req), err: error }, "event stream closed for reconnection");
  });
}

interface StreamRequest {
  jobId: string;
  admit: () => ReturnType<JobReaders["admit"]>;
  /** False for a request that gets no events. */
  watches: boolean;
  signal: AbortSignal;
}

/**
 * Authorises a stream, and opens its watcher before the row is read, so that no change falls in between.
 * @returns no watcher for a request that gets no events: a `HEAD`, or a client that has seen the end
 */
async function openStream(
  { db, watch }: Pick<ApiContext, "db" | "watch">,
  { jobId, admit, watches, signal }: StreamRequest,
): Promise<{ job: JobRow; watcher: Watcher | undefined }> {
  const admitJob = await admit();
  const watcher = watches ? await watch.open(jobId, signal) : undefined;
  const job = await admitJob(await readJob(db.pool, jobId));
  return { job, watcher };
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
