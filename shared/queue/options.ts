import type { DefaultJobOptions } from "bullmq";

export const queueName = "answers";
/** In braces, so that all keys of the queue share one slot of a Redis Cluster. */
export const queuePrefix = "{parley}";

/**
 * What the queue keeps of ended jobs, for an operator to look at. Our rows own the truth, so none is kept for long: while
 * one is, its id cannot be added again.
 */
export const retention: DefaultJobOptions = {
  attempts: 1,
  removeOnComplete: { age: 600, count: 1000 },
  removeOnFail: { age: 24 * 3600, count: 1000 },
};
