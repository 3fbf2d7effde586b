import type { Logger } from "../logger.ts";
import { within } from "../process/lifecycle.ts";
import type { BullQueue, QueueBackend } from "./backend.ts";

/** The sending side of the queue. What it carries is a job's id and nothing else. */
export interface JobQueue {
  /** Puts jobs into the queue; those it holds already, in whatever state, are left as they are. */
  enqueue(jobIds: readonly string[]): Promise<void>;
  /**
   * Makes sure that open jobs will be delivered: one whose entry is finished or lost gets a new one.
   * @param unclaimed nobody has claimed these for long: beside an entry that a worker took they get another one
   * @returns how many these were
   */
  putBack(jobIds: readonly string[], options?: { unclaimed?: boolean }): Promise<number>;
  /**
   * A second entry for an attempt of a job, beside one that the queue holds back for a worker that has lost the job: cut off
   * from PostgreSQL alone it keeps its entry locked, as one does that died with a wrong clock.
   * @returns how many there were not yet
   */
  putBeside(jobs: readonly { id: string; attempt: number }[]): Promise<number>;
  /**
   * Takes out what no worker is at work on.
   * @returns the others
   */
  remove(jobIds: readonly string[]): Promise<string[]>;
  counts(): Promise<QueueCounts>;
  /** Rejects when the store does not answer, or takes no writes. */
  probe(): Promise<void>;
  /** For Bull Board. */
  readonly bull: BullQueue;
  close(): Promise<void>;
}

export interface QueueCounts {
  /** Of a paused queue on PostgreSQL BullMQ says 0. */
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  workers: number;
  /** By an operator: workers take nothing from it. */
  paused: boolean;
}

/** A store that does not answer within this is away: the rows remember what is to be done. */
const callTimeoutMs = 1000;
/** How many entries are looked up at once when putting back. */
const lookUps = 50;

const besideMark = ".";

function beside(jobId: string, which: number | string): string {
  return `${jobId}${besideMark}${which}`;
}

/** The job that an entry of the queue is about. */
export function jobIdOf(entryId: string): string {
  return entryId.split(besideMark, 1)[0] ?? entryId;
}

export async function openJobQueue(backend: QueueBackend, log: Logger): Promise<JobQueue> {
  const bull = await backend.openQueue();
  // The calls themselves reject; this only keeps a lost connection from ending the process.
  bull.on("error", (error) => log.debug({ err: error }, "queue"));

  const add = async (entryIds: readonly string[]) => {
    await within(
      callTimeoutMs,
      bull.addBulk(entryIds.map((jobId) => ({ name: "answer" as const, data: {}, opts: { jobId } }))),
    );
  };

  const putBackOne = async (entryId: string, unclaimed = false): Promise<boolean> => {
    // Its state would have to be searched for in the list of all that wait; whether it has ended stands in the entry.
    const entry = await within(callTimeoutMs, bull.getJob(entryId));
    const ended = typeof entry?.finishedOn === "number";
    if (ended) await within(callTimeoutMs, bull.remove(entryId));
    // Absent: the queue has lost it, or never had it. Neither absent nor ended: a delivery is under way.
    if (!entry || ended) {
      await add([entryId]);
      return true;
    }
    return unclaimed && typeof entry.processedOn === "number"
      ? putBackOne(beside(entryId, `taken-${entry.processedOn}`))
      : false;
  };

  const putBack = async (entryIds: readonly string[], { unclaimed = false } = {}) =>
    (await inBatches(entryIds, (id) => putBackOne(id, unclaimed))).filter(Boolean).length;

  /** @returns whether a worker holds it */
  const removeOne = async (jobId: string) => {
    const removed = (await within(callTimeoutMs, bull.remove(jobId))) === 1;
    // What the queue never had is not removed either.
    return !removed && (await within(callTimeoutMs, bull.getJob(jobId))) !== undefined;
  };

  return {
    bull,
    enqueue: add,
    putBack,
    putBeside: (jobs) => putBack(jobs.map(({ id, attempt }) => beside(id, attempt))),
    async remove(jobIds) {
      const held = await inBatches(jobIds, removeOne);
      return jobIds.filter((_, place) => held[place]);
    },
    counts: () => within(callTimeoutMs, readCounts(bull)),
    probe: () => within(callTimeoutMs, backend.probe()),
    async close() {
      await within(callTimeoutMs, bull.close());
    },
  };
}

async function readCounts(bull: BullQueue): Promise<QueueCounts> {
  const [counts, workers, paused] = await Promise.all([
    bull.getJobCounts("waiting", "active", "delayed", "failed"),
    bull.getWorkersCount(),
    bull.isPaused(),
  ]);
  const { waiting = 0, active = 0, delayed = 0, failed = 0 } = counts;
  return { waiting, active, delayed, failed, workers, paused };
}

async function inBatches<T>(ids: readonly string[], work: (id: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < ids.length; start += lookUps) {
    results.push(...(await Promise.all(ids.slice(start, start + lookUps).map(work))));
  }
  return results;
}
