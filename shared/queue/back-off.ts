import type { IQueueBackend } from "bullmq";
import { setTimeout as sleep } from "node:timers/promises";

const firstPauseMs = 100;
/** Maximum pause: a worker resumes within this after its store accepts writes again. */
const longestPauseMs = 2000;

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
        await sleep(Math.min(firstPauseMs * 2 ** refused, longestPauseMs), undefined, { ref: false });
        refused += 1;
      }
      throw error;
    }
  };
}

/** Detects errors that BullMQ itself waits on. A worker that closes ends its wait with one. */
function isOutage(error: unknown): boolean {
  return error instanceof Error && /ECONNREFUSED|Connection is closed/.test(error.message);
}
