import { deleteConversation as writeTombstone, markErased, type Traces } from "../db/conversations.ts";
import type { JobContext } from "./job-context.ts";

/**
 * Deletes a conversation. Its rows are gone when this resolves; what other stores still hold is erased right after, or
 * by the reconciler once they are up.
 * @returns `false`: there was nothing to delete
 */
export async function deleteConversation(context: JobContext, conversationId: string): Promise<boolean> {
  const traces = await writeTombstone(context.db.pool, conversationId);
  if (!traces) return false;
  for (const { id } of traces.jobs) {
    const ignore = (error: unknown) => context.log.debug({ err: error, jobId: id }, "deletion not hinted");
    context.live.hintChange(id).catch(ignore);
    context.live.hintCancel(id).catch(ignore);
  }
  if (traces.jobs.length === 0) await markErased(context.db.pool, conversationId);
  return true;
}

/** Removes a deleted conversation's traces from the queue and the drafts; may be repeated. */
export async function eraseTraces({ db, queue, live }: JobContext, traces: Traces): Promise<void> {
  await queue.remove(traces.jobs.map(({ id }) => id));
  await Promise.all(traces.jobs.map(({ id, attempt }) => live.dropDraft(id, attempt)));
  await markErased(db.pool, traces.conversationId);
}
