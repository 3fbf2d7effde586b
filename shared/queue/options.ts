import type { KeepJobs } from "bullmq";

export const queueName = "answers";
/** In braces, so that all keys of the queue share one slot of a Redis Cluster. */
export const queuePrefix = "{parley}";

/**
 * What stands in each entry: as little as can be. Redis keeps an entry whose values are all of 64 bytes at most in a
 * quarter of the memory, and this is the longest one.
 */
export const entryOptions = { attempts: 1 };

/**
 * What a worker leaves in the queue of ended jobs, for an operator to look at. Our rows own the truth, so none is kept for
 * long: while one is, its id cannot be added again.
 */
export const retention: Record<"removeOnComplete" | "removeOnFail", KeepJobs> = {
  removeOnComplete: { age: 600, count: 1000 },
  removeOnFail: { age: 24 * 3600, count: 1000 },
};

/** BullMQ writes four events a job, and nobody here reads them; by default it keeps ten thousand. */
export const streams = { events: { maxLen: 100 } };
