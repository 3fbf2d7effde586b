import type { KeepJobs } from "bullmq";
import { completedEntryMs, failedEntryMs, queueLockMs, queueStalledEveryMs } from "../tunables.ts";

export const queueName = "answers";
/** Queue of the processes that read sources of knowledge. */
export const knowledgeQueueName = "knowledge";
/** Prefix in braces, so that all keys of the queue share one slot of a Redis Cluster. */
export const queuePrefix = "{parley}";

/**
 * Options stored in each entry, kept minimal. Redis stores an entry whose values all have at most 64 bytes in a quarter
 * of the memory, and this value is the longest.
 */
export const entryOptions = { attempts: 1 };

/**
 * Retention of ended jobs in the queue, for an operator to look at. Our rows are the source of truth, so entries are
 * kept briefly: while an entry is kept, its id cannot be added again.
 * @param count entries of each outcome
 */
function keepEnded(count: number): Record<"removeOnComplete" | "removeOnFail", KeepJobs> {
  return {
    removeOnComplete: { age: completedEntryMs / 1000, count },
    removeOnFail: { age: failedEntryMs / 1000, count },
  };
}

export const retentionOnRedis = keepEnded(1000);
/** Fewer, as BullMQ reads all kept entries on PostgreSQL at each end. */
export const retentionOnPostgres = keepEnded(100);

/**
 * BullMQ's own lock only decides when an entry is delivered again after a crash. Our lease then decides whether its row
 * may be worked on. BullMQ's stalled check must never end an entry, so its count has no limit.
 */
export const entryLock = {
  lockDuration: queueLockMs,
  stalledInterval: queueStalledEveryMs,
  maxStalledCount: 2 ** 31 - 1,
  // A short outage of PostgreSQL pauses the worker for this long; BullMQ's default is 15 s.
  runRetryDelay: 500,
  // Seconds. A frozen worker can swallow a wake-up, and an entry would then wait this long.
  drainDelay: 1,
};

/**
 * Limit of the event stream. BullMQ writes four events per job, which nothing here reads, and keeps ten thousand by
 * default.
 */
export const streams = { events: { maxLen: 100 } };
