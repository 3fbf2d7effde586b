import { setTimeout as sleep } from "node:timers/promises";

/**
 * Does something again and again, with a pause after each time.
 * @param work must not throw
 * @returns ends it, after what is under way
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
