import { setTimeout as sleep } from "node:timers/promises";

/**
 * Repeats work, with a pause after each time.
 * @param work must not throw
 * @returns a function that stops the repetition, after the work in progress
 */
export function repeat(pauseMs: number, work: () => Promise<void>): () => Promise<void> {
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await work();
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}
