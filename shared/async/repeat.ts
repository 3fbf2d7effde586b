import { pause } from "./pause.ts";

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
      await pause(pauseMs, stopping.signal);
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}
