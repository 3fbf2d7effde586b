import type { ServiceError } from "./service-error.ts";

/** Waits before retries. All of them can be ended at once, as when the network is back. */
export interface RetryDelays {
  /** @throws the signal's abort reason */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Ends all of them now. */
  wake(): void;
  /**
   * Calls back at each `wake`, after the waits have ended.
   * @returns a function that stops it
   */
  onWake(listener: () => void): () => void;
}

export function createRetryDelays(): RetryDelays {
  const waiting = new Set<() => void>();
  const listeners = new Set<() => void>();
  return {
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          waiting.delete(end);
          signal?.removeEventListener("abort", end);
          if (signal?.aborted) reject(signal.reason as Error);
          else resolve();
        };
        const timer = setTimeout(end, ms);
        waiting.add(end);
        signal?.addEventListener("abort", end);
        if (signal?.aborted) end();
      }),
    wake: () => {
      for (const end of waiting) end();
      for (const listener of listeners) listener();
    },
    onWake: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const firstDelayMs = 500;
const maxDelayMs = 15_000;

/** Backoff after a number of consecutive failures, with jitter so that clients do not retry at the same moment. */
export function backoffMs(failures: number): number {
  return Math.min(firstDelayMs * 2 ** (failures - 1), maxDelayMs) * (0.75 + Math.random() / 2);
}

const minRetryMs = 1_000;

/** Delay before a retry: the time the service asks for plus a random share, as other clients got the same time. */
export function retryDelayMs({ retryAfterMs }: ServiceError, failures: number): number {
  const spread = 1 + Math.random() / 10;
  return Math.max(retryAfterMs ?? backoffMs(failures), minRetryMs) * spread;
}
