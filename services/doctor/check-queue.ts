import { describeError } from "../../shared/describe-error.ts";
import { within } from "../../shared/async/within.ts";
import { createLogger, type Logger } from "../../shared/logger.ts";
import { createQueueBackend } from "../../shared/queue/create-backend.ts";
import { openJobQueue } from "../../shared/queue/job-queue.ts";
import { describeRefusal } from "../../shared/stores/store-refusal.ts";
import { type Finding, fault, note, ok } from "./findings.ts";

interface QueueStore {
  databaseUrl: string;
  /** Absent if the queue is on PostgreSQL. */
  redisUrl: string | undefined;
}

/** Timeout of all questions together; a longer wait at a start is a fault here. */
const answerMs = 10_000;
const closeMs = 2000;

/** Opens the queue as the services do, counts its entries, and has its store run a script and a write. */
export async function checkQueue(store: QueueStore): Promise<Finding> {
  const log = await createLogger({ service: "doctor", level: "silent", pretty: false });
  const backend = await createQueueBackend({ ...store, log });
  try {
    return await within(answerMs, askQueue(backend, log));
  } catch (error) {
    const refusal = describeRefusal(error);
    return refusal
      ? fault(`the queue does not work: ${refusal.text}`, refusal.mend)
      : fault(`the queue does not answer: ${describeError(error)}`);
  } finally {
    await within(closeMs, backend.close()).catch(() => undefined);
  }
}

async function askQueue(backend: Awaited<ReturnType<typeof createQueueBackend>>, log: Logger): Promise<Finding> {
  const queue = await openJobQueue(backend, log);
  try {
    await queue.bull.waitUntilReady();
    await queue.probe();
    const { waiting, active, workers, paused } = await queue.counts();
    if (paused) return note("the queue is paused, so no message is answered", "resume it in Bull Board, /admin/queues");
    return ok(`the queue accepts writes: ${waiting} waiting, ${active} active, ${workers} workers connected`);
  } finally {
    await queue.close().catch(() => undefined);
  }
}
