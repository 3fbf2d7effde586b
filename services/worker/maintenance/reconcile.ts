import { readSnapshots } from "../../../shared/db/jobs/claim.ts";
import { expireActions, findStrandedActions } from "../../../shared/db/actions/leftovers.ts";
import { dropSuggestions } from "../../../shared/db/desk/suggestions.ts";
import { settleLostCalls } from "../../../shared/db/jobs/calls.ts";
import { readTombstones } from "../../../shared/db/conversations/erasure.ts";
import { markDue, readOrphans, takeDueJobs } from "../../../shared/db/jobs/reconcile.ts";
import { readDueHandoffs } from "../../../shared/db/voices/due-handoffs.ts";
import { carryOutHandoff } from "../../../shared/voices/hand-over.ts";
import { moveStalled } from "../../../shared/voices/move-stalled.ts";
import { returnConversations } from "../../../shared/voices/return-conversations.ts";
import { eraseLeftovers } from "../../../shared/jobs/delete-conversation.ts";
import { heldBackMs, reconcileEveryMs, slowRounds } from "../../../shared/tunables.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import { settleStranded } from "../actions/carry-out.ts";
import { noteDueMails } from "../mail/start-mails.ts";
import { mustEnd, settleOrphan } from "./settle-orphan.ts";
import type { WorkerContext } from "../worker-context.ts";

/**
 * Compares the queue with the rows once a second, and repairs the leftovers of crashes and of a lost store. Every
 * worker runs it; each step is safe to run twice.
 * @returns a function that stops the reconciler, after the round in progress
 */
export function startReconciler(context: WorkerContext): () => Promise<void> {
  let round = 0;
  let settling: Promise<void> | undefined;
  return repeat(reconcileEveryMs, async () => {
    await reconcile(context);
    if (round % slowRounds === 0) {
      await attempt(context, "dropStaleDrafts", () => context.live.dropStale());
      await attempt(context, "returnConversations", () => returnConversations(context));
      await attempt(context, "moveStalled", () => moveStalled(context));
      await attempt(context, "noteMails", () => noteDueMails(context));
      await attempt(context, "expireActions", () => expireActions(context.db.pool));
      // Endpoints may take half a minute, which no other step waits for.
      settling ??= attempt(context, "settleStranded", () => settleStrandedActions(context)).finally(
        () => (settling = undefined),
      );
      await attempt(context, "dropSuggestions", () => dropSuggestions(context.db.pool));
    }
    round += 1;
  });
}

/** One round. A failure is logged and left for the next round. */
export async function reconcile(context: WorkerContext): Promise<void> {
  for (const step of [putBackDue, takeUpOrphans, handOverDue, eraseDeleted, settleLost])
    await attempt(context, step.name, () => step(context));
}

async function attempt({ log }: WorkerContext, step: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.warn({ err: error, step }, "reconciler");
  }
}

/**
 * Puts back queued heads that have not been claimed for a while: the queue may have lost them, or never received them.
 */
async function putBackDue(context: WorkerContext): Promise<void> {
  const jobIds = await takeDueJobs(context.db.pool).catch((error: unknown) => {
    context.reclaimGuard.databaseFailed();
    throw error;
  });
  context.reclaimGuard.databaseAnswered();
  if (jobIds.length === 0) return;
  try {
    context.metrics.repaired("put_back", await context.queue.putBack(jobIds, { unclaimed: true }));
  } catch (error) {
    await markDue(context.db.pool, jobIds);
    throw error;
  }
}

/** Handles active jobs whose worker is dead: ends those that must end, and delivers the others again. */
async function takeUpOrphans(context: WorkerContext): Promise<void> {
  if (!context.reclaimGuard.allowed) return;
  const orphans = await readOrphans(context.db.pool);
  if (orphans.length === 0) return;
  const snapshots = await readSnapshots(context.db.pool, orphans, { reclaim: true });
  for (const snapshot of snapshots.filter(mustEnd)) await settleOrphan(context, snapshot);
  // Includes jobs that were given up: their delivery updates the queue's own record.
  const deliverable = snapshots.filter(({ reclaimable, cancelRequested }) => reclaimable && !cancelRequested);
  const putBack = await context.queue.putBack(deliverable.map(({ id }) => id));
  const heldBack = deliverable.filter((snapshot) => snapshot.leaseLeftMs < -heldBackMs && !mustEnd(snapshot));
  context.metrics.repaired("orphan_put_back", putBack + (await context.queue.enqueueDuplicate(heldBack)));
}

/** Carries out the handoffs that rules decided and whose process died before it could. */
async function handOverDue(context: WorkerContext): Promise<void> {
  for (const conversationId of await readDueHandoffs(context.db.pool)) await carryOutHandoff(context, conversationId);
}

/** Settles actions whose job has ended and whose sender has died before it could record the outcome. */
async function settleStrandedActions(context: WorkerContext): Promise<void> {
  const { signal } = new AbortController();
  const run = { context, log: context.log, signal };
  for (const id of await findStrandedActions(context.db.pool)) await settleStranded(run, id);
}

/** Erases the queue entries and drafts of deleted conversations. */
async function eraseDeleted(context: WorkerContext): Promise<void> {
  for (const leftovers of await readTombstones(context.db.pool)) await eraseLeftovers(context, leftovers);
}

/** Settles the calls of dead workers, and frees the budget they had reserved. */
async function settleLost({ db, metrics }: WorkerContext): Promise<void> {
  metrics.repaired("lost_call", await settleLostCalls(db.pool));
}
