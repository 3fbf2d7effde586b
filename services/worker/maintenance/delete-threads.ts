import {
  forgetThread,
  hastenDeletions,
  type KeptThread,
  putOffDeletion,
  takeThreadDeletions,
} from "../../../shared/db/conversations/threads.ts";
import { type Provider, ProviderError } from "../providers/provider.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import type { WorkerContext } from "../worker-context.ts";

const everyMs = 5000;
const threadTimeoutMs = 10_000;
/** Maximum deletions at once, and maximum batches per round: providers limit the rate of requests. */
const threadsAtOnce = 4;
const batchesARound = 25;

type DeletionContext = Pick<WorkerContext, "db" | "log">;

/**
 * Deletes unused threads at their provider. A provider that is down is asked again within a minute.
 * @returns a function that stops the deletion, after the round in progress
 */
export function startThreadDeletion(context: WorkerContext): () => Promise<void> {
  const keepers = [...context.providers.values()].filter(({ threads }) => threads !== undefined);
  if (keepers.length === 0) return async () => undefined;
  const away = new Set<string>();
  return repeat(everyMs, () => deleteThreads(context, keepers, away));
}

/**
 * One round: deletes all threads that are due, as long as the providers answer. A failure is logged and left for a
 * later round.
 * @param away providers that were down in the last round
 */
export async function deleteThreads(
  context: DeletionContext,
  keepers: readonly Provider[],
  away: Set<string>,
): Promise<void> {
  const asked = new Map(keepers.map((keeper) => [keeper.name as string, keeper]));
  try {
    for (let batch = 0; batch < batchesARound && asked.size > 0; batch += 1) {
      const due = await takeThreadDeletions(context.db.pool, [...asked.keys()], threadsAtOnce);
      if (due.length === 0) return;
      await Promise.all(
        due.map(async (thread) => {
          const answered = await deleteThread(context, asked.get(thread.provider), thread);
          if (!answered) {
            away.add(thread.provider);
            asked.delete(thread.provider);
          } else if (away.delete(thread.provider)) await hastenDeletions(context.db.pool, thread.provider);
        }),
      );
    }
  } catch (error) {
    context.log.warn({ err: error }, "could not read the threads to delete");
  }
}

/** @returns true if the provider answered, even with a refusal */
async function deleteThread({ db, log }: DeletionContext, keeper: Provider | undefined, thread: KeptThread) {
  try {
    await keeper?.threads?.delete(thread.id, AbortSignal.timeout(threadTimeoutMs));
  } catch (error) {
    log.warn({ err: error, provider: thread.provider }, "a thread could not be deleted; retrying later");
    if (!(error instanceof ProviderError) || error.code !== "rejected") return false;
    await putOffDeletion(db.pool, thread);
    return true;
  }
  await forgetThread(db.pool, thread);
  return true;
}
