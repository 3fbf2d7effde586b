import type { JobType } from "bullmq";
import type { Logger } from "../logger.ts";
import { within } from "../async/within.ts";
import type { BullQueue, QueueBackend } from "./backend.ts";

/** The sending side of the queue. Its entries contain only a job's id. */
export interface JobQueue {
  /** Enqueues jobs; those already in the queue, in whatever state, are left unchanged. */
  enqueue(jobIds: readonly string[]): Promise<void>;
  /**
   * Makes sure that open jobs are delivered: one whose entry is finished or lost gets a new one.
   * @param unclaimed true for jobs long unclaimed: an entry that a worker took gets a second one beside it
   * @returns how many were put back
   */
  putBack(jobIds: readonly string[], options?: { unclaimed?: boolean }): Promise<number>;
  /**
   * Enqueues a duplicate of an attempt's entry, for a job whose entry the queue reserves for a worker that has lost it.
   * A worker cut off from PostgreSQL alone keeps its entry locked, as does one that died with a wrong clock.
   * @returns how many were new
   */
  enqueueDuplicate(jobs: readonly { id: string; attempt: number }[]): Promise<number>;
  /**
   * Removes entries that no worker is processing.
   * @returns the others
   */
  remove(jobIds: readonly string[]): Promise<string[]>;
  counts(): Promise<QueueCounts>;
  /** Rejects when the store does not answer, or refuses writes. */
  probe(): Promise<void>;
  /** For Bull Board. */
  readonly bull: BullQueue;
  close(): Promise<void>;
}

export interface QueueCounts {
  /** Waiting entries. For a paused queue on PostgreSQL BullMQ reports 0. */
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  workers: number;
  /** True if an operator paused the queue: workers take nothing from it. */
  paused: boolean;
}

/** Timeout of a call. A store that does not answer within this is down; the rows record what is to be done. */
const callTimeoutMs = 1000;
/** Entries looked up at once when putting back: more would only wait for a connection to PostgreSQL, and count as a dead store. */
const lookUps = 16;

const aliasMark = ".";

/** Id of a further entry of a job, beside the one that has the job's id. */
function aliasEntryId(jobId: string, which: number | string): string {
  return `${jobId}${aliasMark}${which}`;
}

/** Returns the job of a queue entry. */
export function jobIdOf(entryId: string): string {
  return entryId.split(aliasMark, 1)[0] ?? entryId;
}

export async function openJobQueue(backend: QueueBackend, log: Logger): Promise<JobQueue> {
  const bull = await backend.openQueue();
  // The calls themselves reject; this only keeps a lost connection from ending the process.
  bull.on("error", (error) => log.debug({ err: error }, "queue"));

  const add = async (entryIds: readonly string[]) => {
    const entries = entryIds.map((jobId) => ({ name: "answer" as const, data: {}, opts: { jobId } }));
    const addEach = async () => {
      // One after the other, as they are delivered in the order in which they came.
      for (const { name, data, opts } of entries) await bull.add(name, data, opts);
    };
    await within<unknown>(callTimeoutMs, entries.length < backend.bulkFrom ? addEach() : bull.addBulk(entries));
  };

  const putBackOne = async (entryId: string, unclaimed = false): Promise<boolean> => {
    // The state needs a search of the list of all waiting entries. The entry itself shows whether it has ended.
    const entry = await within(callTimeoutMs, bull.getJob(entryId));
    const ended = typeof entry?.finishedOn === "number";
    if (ended) await within(callTimeoutMs, bull.remove(entryId));
    // No entry: the queue lost it, or never had it. An entry that has not ended: a delivery is in progress.
    if (!entry || ended) {
      await add([entryId]);
      return true;
    }
    return unclaimed && typeof entry.processedOn === "number"
      ? putBackOne(aliasEntryId(entryId, `taken-${entry.processedOn}`))
      : false;
  };

  const putBack = async (entryIds: readonly string[], { unclaimed = false } = {}) =>
    (await inBatches(entryIds, (id) => putBackOne(id, unclaimed))).filter(Boolean).length;

  /** @returns whether a worker holds it */
  const removeOne = async (jobId: string) => {
    const removed = (await within(callTimeoutMs, bull.remove(jobId))) === 1;
    // `removed` is also false for an entry that the queue never had.
    return !removed && (await within(callTimeoutMs, bull.getJob(jobId))) !== undefined;
  };

  return {
    bull,
    enqueue: add,
    putBack,
    enqueueDuplicate: (jobs) => putBack(jobs.map(({ id, attempt }) => aliasEntryId(id, attempt))),
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

/** With a state that the types of BullMQ 6.7 lack: on PostgreSQL, what waits in a paused queue is counted as "paused" alone. */
const counted = ["waiting", "paused", "active", "delayed", "failed"] as JobType[];

async function readCounts(bull: BullQueue): Promise<QueueCounts> {
  const [counts, workers, paused] = await Promise.all([
    bull.getJobCounts(...counted),
    bull.getWorkersCount(),
    bull.isPaused(),
  ]);
  const { waiting = 0, paused: held = 0, active = 0, delayed = 0, failed = 0 } = counts;
  return { waiting: waiting + held, active, delayed, failed, workers, paused };
}

async function inBatches<T>(ids: readonly string[], work: (id: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < ids.length; start += lookUps) {
    results.push(...(await Promise.all(ids.slice(start, start + lookUps).map(work))));
  }
  return results;
}
