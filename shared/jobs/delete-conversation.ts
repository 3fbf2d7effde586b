import { type Leftovers, markErased, storeTombstone } from "../db/conversations/erasure.ts";
import type { JobContext } from "./job-context.ts";

/**
 * Deletes a conversation. Its rows are deleted when this resolves. The reconciler erases the copies in other stores,
 * within seconds or once they are up.
 * @param options.idleDays only if it has been idle for that many days
 * @returns `false`: there was nothing to delete
 */
export async function deleteConversation(
  { db, live, log }: Pick<JobContext, "db" | "live" | "log">,
  conversationId: string,
  { idleDays }: { idleDays?: number } = {},
): Promise<boolean> {
  const leftovers = await storeTombstone(db.pool, conversationId, idleDays === undefined ? {} : { idleDays });
  if (!leftovers) return false;
  for (const { id } of leftovers.jobs) {
    const ignore = (error: unknown) => log.debug({ err: error, jobId: id }, "could not publish the hint of a deletion");
    live.hintChange(id).catch(ignore);
    live.hintCancel(id).catch(ignore);
  }
  return true;
}

/** Drafts dropped concurrently: each call of the live store has a short time limit. */
const dropsAtOnce = 50;

/**
 * Removes a deleted conversation's leftovers from the queue, the drafts and the history cache. Idempotent.
 * @returns `false`: a worker is still busy with a job whose result it cannot store, so call this again
 */
export async function eraseLeftovers(
  { db, queue, live, historyCache }: JobContext,
  { conversationId, jobs }: Leftovers,
): Promise<boolean> {
  await historyCache.erase(conversationId);
  const held = await queue.remove(jobs.map(({ id }) => id));
  for (let start = 0; start < jobs.length; start += dropsAtOnce) {
    await Promise.all(jobs.slice(start, start + dropsAtOnce).map(({ id, attempt }) => live.dropDraft(id, attempt)));
  }
  if (held.length > 0) return false;
  await markErased(db.pool, conversationId);
  return true;
}
