import {
  forgetThread,
  hastenDeletions,
  type KeptThread,
  putOffDeletion,
  takeThreadDeletions,
} from "../../../shared/db/conversations/threads.ts";
import { type Provider, ProviderError } from "../providers/provider.ts";
import { repeat } from "./repeat.ts";
import type { WorkerContext } from "../worker-context.ts";

const everyMs = 5000;
const threadTimeoutMs = 10_000;
/** At a time, and so many times in one round at most: a provider limits what it is asked. */
const threadsAtOnce = 4;
const batchesARound = 25;

type DeletionContext = Pick<WorkerContext, "db" | "log">;

/**
 * Deletes the threads nobody uses any more at their provider; one that is away is asked again within a minute.
 * @returns ends it, after the round under way
 */
export function startThreadDeletion(context: WorkerContext): () => Promise<void> {
  const keepers = [...context.providers.values()].filter(({ threads }) => threads !== undefined);
  if (keepers.length === 0) return async () => undefined;
  const away = new Set<string>();
  return repeat(everyMs, () => deleteThreads(context, keepers, away));
}

/**
 * One round: all that is due, as long as the providers answer; what fails is logged and left for a later one.
 * @param away providers that were away in the last round
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
    context.log.warn({ err: error }, "threads to delete not read");
  }
}

/** @returns whether the provider answered, be it with a refusal */
async function deleteThread({ db, log }: DeletionContext, keeper: Provider | undefined, thread: KeptThread) {
  try {
    await keeper?.threads?.delete(thread.id, AbortSignal.timeout(threadTimeoutMs));
  } catch (error) {
    log.warn({ err: error, provider: thread.provider }, "a thread is not deleted yet");
    if (!(error instanceof ProviderError) || error.code !== "rejected") return false;
    await putOffDeletion(db.pool, thread);
    return true;
  }
  await forgetThread(db.pool, thread);
  return true;
}
