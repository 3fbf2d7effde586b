import { deleteConversation as writeTombstone, markErased, type Traces } from "../db/conversations/erasure.ts";
import type { JobContext } from "./job-context.ts";

/**
 * Deletes a conversation. Its rows are gone when this resolves; what other stores hold is erased by the reconciler, within
 * seconds or once they are up.
 * @param idleDays only if nothing has happened in it for so many days
 * @returns `false`: there was nothing to delete
 */
export async function deleteConversation(
  { db, live, log }: Pick<JobContext, "db" | "live" | "log">,
  conversationId: string,
  { idleDays }: { idleDays?: number } = {},
): Promise<boolean> {
  const traces = await writeTombstone(db.pool, conversationId, idleDays === undefined ? {} : { idleDays });
  if (!traces) return false;
  for (const { id } of traces.jobs) {
    const ignore = (error: unknown) => log.debug({ err: error, jobId: id }, "deletion not hinted");
    live.hintChange(id).catch(ignore);
    live.hintCancel(id).catch(ignore);
  }
  return true;
}

/** Drafts that are dropped at once: each call of the live store has little time. */
const dropsAtOnce = 50;

/**
 * Removes a deleted conversation's traces from the queue and the drafts; may be repeated.
 * @returns `false`: a worker is still busy with what it will not be able to store, so this is to be repeated
 */
export async function eraseTraces({ db, queue, live }: JobContext, { conversationId, jobs }: Traces): Promise<boolean> {
  const held = await queue.remove(jobs.map(({ id }) => id));
  for (let start = 0; start < jobs.length; start += dropsAtOnce) {
    await Promise.all(jobs.slice(start, start + dropsAtOnce).map(({ id, attempt }) => live.dropDraft(id, attempt)));
  }
  if (held.length > 0) return false;
  await markErased(db.pool, conversationId);
  return true;
}
