import type { Logger } from "../logger.ts";
import { within } from "../lifecycle.ts";
import type { BullQueue, QueueBackend } from "./backend.ts";

/** The sending side of the queue. What it carries is a job's id and nothing else. */
export interface JobQueue {
  /** Puts jobs into the queue; those it holds already, in whatever state, are left as they are. */
  enqueue(jobIds: readonly string[]): Promise<void>;
  /** Makes sure that open jobs will be delivered: one whose entry is finished or lost gets a new one. */
  putBack(jobIds: readonly string[]): Promise<void>;
  /** Takes out what no worker has begun. */
  remove(jobIds: readonly string[]): Promise<void>;
  counts(): Promise<QueueCounts>;
  /** For Bull Board. */
  readonly bull: BullQueue;
  close(): Promise<void>;
}

export interface QueueCounts {
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  workers: number;
}

/** A store that does not answer within this is away: the rows remember what is to be done. */
const callTimeoutMs = 1000;
/** How many entries are looked up at once when putting back. */
const lookUps = 50;

export async function openJobQueue(backend: QueueBackend, log: Logger): Promise<JobQueue> {
  const bull = await backend.openQueue();
  // The calls themselves reject; this only keeps a lost connection from ending the process.
  bull.on("error", (error) => log.debug({ err: error }, "queue"));

  const add = async (jobIds: readonly string[]) => {
    await within(
      callTimeoutMs,
      bull.addBulk(jobIds.map((jobId) => ({ name: "answer" as const, data: {}, opts: { jobId } }))),
    );
  };

  const putBackOne = async (jobId: string) => {
    // Its state would have to be searched for in the list of all that wait; whether it has ended stands in the entry.
    const entry = await within(callTimeoutMs, bull.getJob(jobId));
    const ended = typeof entry?.finishedOn === "number";
    if (ended) await within(callTimeoutMs, bull.remove(jobId));
    // Absent: the queue has lost it, or never had it. Neither absent nor ended: a delivery is under way.
    if (!entry || ended) await add([jobId]);
  };

  return {
    bull,
    enqueue: add,
    putBack: (jobIds) => inBatches(jobIds, putBackOne),
    remove: (jobIds) =>
      inBatches(jobIds, async (jobId) => {
        await within(callTimeoutMs, bull.remove(jobId));
      }),
    async counts() {
      const [counts, workers] = await within(
        callTimeoutMs,
        Promise.all([bull.getJobCounts("waiting", "active", "delayed", "failed"), bull.getWorkersCount()]),
      );
      const { waiting = 0, active = 0, delayed = 0, failed = 0 } = counts;
      return { waiting, active, delayed, failed, workers };
    },
    async close() {
      await within(callTimeoutMs, bull.close());
    },
  };
}

async function inBatches(jobIds: readonly string[], work: (jobId: string) => Promise<void>): Promise<void> {
  for (let start = 0; start < jobIds.length; start += lookUps) {
    await Promise.all(jobIds.slice(start, start + lookUps).map(work));
  }
}
