import { forgetThread, takeThreadDeletions } from "../../shared/db/threads.ts";
import type { Provider } from "./providers/provider.ts";
import { repeat } from "./repeat.ts";
import type { WorkerContext } from "./worker-context.ts";

const everyMs = 5000;
const threadTimeoutMs = 10_000;

/**
 * Deletes the threads nobody uses any more at their provider; one that is away is asked again later.
 * @returns ends it, after the round under way
 */
export function startThreadDeletion(context: WorkerContext): () => Promise<void> {
  const keepers = [...context.providers.values()].filter(({ threads }) => threads !== undefined);
  if (keepers.length === 0) return async () => undefined;
  return repeat(everyMs, () => deleteThreads(context, keepers));
}

async function deleteThreads({ db, log }: WorkerContext, keepers: readonly Provider[]): Promise<void> {
  const names = keepers.map(({ name }) => name);
  const due = await takeThreadDeletions(db.pool, names).catch((error: unknown) => {
    log.warn({ err: error }, "threads to delete not read");
    return [];
  });
  for (const thread of due) {
    const keeper = keepers.find(({ name }) => name === thread.provider);
    try {
      await keeper?.threads?.delete(thread.id, AbortSignal.timeout(threadTimeoutMs));
      await forgetThread(db.pool, thread);
    } catch (error) {
      log.warn({ err: error, provider: thread.provider }, "a thread is not deleted yet");
    }
  }
}
