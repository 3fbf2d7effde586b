import type { IQueueBackend } from "bullmq";
import { setTimeout as sleep } from "node:timers/promises";
import { exponentialBackoffMs } from "../async/backoff.ts";

/** A worker resumes within the longest pause after its store accepts writes again. */
const pauses = { firstMs: 100, longestMs: 2000 };

/**
 * Makes a worker's backend pause after a call that its store refused, longer each time. BullMQ waits only when there is
 * no connection. After any other error it asks again at once, tens of thousands of times a second.
 */
export function withBackOff<Backend extends IQueueBackend>(backend: Backend): Backend {
  const [moveToActive, waitForJob] = [backend.moveToActive.bind(backend), backend.waitForJob.bind(backend)];
  // Each call has a separate pause: a full store still lets a worker wait for entries, but refuses to give them.
  return Object.assign(backend, { moveToActive: patient(moveToActive), waitForJob: patient(waitForJob) });
}

function patient<Args extends unknown[], T>(call: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
  let refused = 0;
  return async (...args) => {
    try {
      const result = await call(...args);
      refused = 0;
      return result;
    } catch (error) {
      if (!isOutage(error)) {
        refused += 1;
        await sleep(exponentialBackoffMs(refused, pauses), undefined, { ref: false });
      }
      throw error;
    }
  };
}

/** Detects errors that BullMQ itself waits on. A worker that closes ends its wait with one. */
function isOutage(error: unknown): boolean {
  return error instanceof Error && /ECONNREFUSED|Connection is closed/.test(error.message);
}
