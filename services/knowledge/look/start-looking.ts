import { type Job, UnrecoverableError } from "bullmq";
import { within } from "../../../shared/async/within.ts";
import type { QueueBackend } from "../../../shared/queue/backend.ts";
import { jobIdOf } from "../../../shared/queue/job-queue.ts";
import { entryLock } from "../../../shared/queue/options.ts";
import { queueCloseMs } from "../../../shared/tunables.ts";
import type { KnowledgeContext } from "../knowledge-context.ts";
import { lookAtSource } from "./look-at-source.ts";

/** Sources that one process looks at together: while one waits for a slow site, the others go on. */
const concurrency = 4;

interface Looking {
  /** True while a source is looked at here. */
  isBusy: () => boolean;
  close: () => Promise<void>;
}

/** Takes sources from the queue, and looks at each. The row's lease decides who looks; the queue's lock does not. */
export async function startLooking(context: KnowledgeContext, backend: QueueBackend): Promise<Looking> {
  const closing = new AbortController();
  const looks = new Set<Promise<void>>();
  const worker = await backend.openWorker(
    async ({ id }: Job) => {
      if (id === undefined) throw new UnrecoverableError("an entry without an id");
      const look = lookAtSource(context, jobIdOf(id), closing.signal);
      looks.add(look);
      try {
        await look;
      } finally {
        looks.delete(look);
      }
    },
    { ...entryLock, concurrency },
  );
  worker.on("error", (error: Error) => context.log.warn({ err: error }, "could not fetch sources from the queue"));
  return {
    isBusy: () => looks.size > 0,
    async close() {
      closing.abort();
      await Promise.allSettled(looks);
      await within(queueCloseMs, worker.close());
    },
  };
}
