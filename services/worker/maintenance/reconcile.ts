import { readStandings } from "../../../shared/db/jobs/claim.ts";
import { settleLostCalls } from "../../../shared/db/jobs/calls.ts";
import { readTombstones } from "../../../shared/db/conversations/erasure.ts";
import { markDue, readOrphans, takeDueJobs } from "../../../shared/db/jobs/reconcile.ts";
import { dropStaleDrafts } from "../../../shared/live/postgres-live.ts";
import { eraseTraces } from "../../../shared/jobs/delete-conversation.ts";
import { repeat } from "./repeat.ts";
import { mustEnd, settleOrphan } from "./settle-orphan.ts";
import type { WorkerContext } from "../worker-context.ts";

const everyMs = 1000;
/** What is in no hurry is done in every so manieth round. */
const slowRounds = 15;
/**
 * BullMQ delivers what a dead worker held within 15 s, as long as a lease. What has not come so long after it is held back:
 * by a worker that is cut off from PostgreSQL alone and keeps its entry, or by the clock of one that died.
 */
const heldBackMs = 5000;

/**
 * Holds the queue against the rows, once a second: whatever a crash or a lost store left undone is taken up again. Every
 * worker does this; each step may be done twice.
 * @returns ends it, after the round under way
 */
export function startReconciler(context: WorkerContext): () => Promise<void> {
  let round = 0;
  return repeat(everyMs, async () => {
    await reconcile(context);
    if (round % slowRounds === 0) await attempt(context, "dropStaleDrafts", () => dropStaleDrafts(context.db.pool));
    round += 1;
  });
}

/** One round; what fails is logged and left for the next one. */
export async function reconcile(context: WorkerContext): Promise<void> {
  for (const step of [putBackDue, takeUpOrphans, eraseDeleted, settleLost])
    await attempt(context, step.name, () => step(context));
}

async function attempt({ log }: WorkerContext, step: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.warn({ err: error, step }, "reconciler");
  }
}

/** Queued heads that nobody has claimed for a while: the queue may have lost them, or never got them. */
async function putBackDue(context: WorkerContext): Promise<void> {
  const jobIds = await takeDueJobs(context.db.pool).catch((error: unknown) => {
    context.takeOvers.databaseFailed();
    throw error;
  });
  context.takeOvers.databaseAnswered();
  if (jobIds.length === 0) return;
  try {
    context.metrics.repaired("put_back", await context.queue.putBack(jobIds, { unclaimed: true }));
  } catch (error) {
    await markDue(context.db.pool, jobIds);
    throw error;
  }
}

/** Active jobs whose worker is gone: they end if they must, else they are delivered again. */
async function takeUpOrphans(context: WorkerContext): Promise<void> {
  if (!context.takeOvers.allowed) return;
  const orphans = await readOrphans(context.db.pool);
  if (orphans.length === 0) return;
  const standings = await readStandings(context.db.pool, orphans, true);
  for (const standing of standings.filter(mustEnd)) await settleOrphan(context, standing);
  // Also what was given up: its delivery makes the queue's own record say so.
  const deliverable = standings.filter(({ unheld, cancelRequested }) => unheld && !cancelRequested);
  const putBack = await context.queue.putBack(deliverable.map(({ id }) => id));
  const heldBack = deliverable.filter((standing) => standing.leaseLeftMs < -heldBackMs && !mustEnd(standing));
  context.metrics.repaired("orphan_put_back", putBack + (await context.queue.putBeside(heldBack)));
}

/** Deleted conversations: their queue entries and drafts go, too. */
async function eraseDeleted(context: WorkerContext): Promise<void> {
  for (const traces of await readTombstones(context.db.pool)) await eraseTraces(context, traces);
}

/** Calls whose worker died: what they had reserved of a budget is free again. */
async function settleLost({ db, metrics }: WorkerContext): Promise<void> {
  metrics.repaired("lost_call", await settleLostCalls(db.pool));
}
