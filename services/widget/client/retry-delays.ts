/** Pauses that can all be ended at once, as when the network is back. */
export interface Pauses {
  /** @throws the signal's abort reason */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** Ends all of them now. */
  wake(): void;
}

export function createPauses(): Pauses {
  const sleeping = new Set<() => void>();
  return {
    pause: (ms, signal) =>
      new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          sleeping.delete(end);
          signal?.removeEventListener("abort", end);
          if (signal?.aborted) reject(signal.reason as Error);
          else resolve();
        };
        const timer = setTimeout(end, ms);
        sleeping.add(end);
        signal?.addEventListener("abort", end);
        if (signal?.aborted) end();
      }),
    wake: () => {
      for (const end of sleeping) end();
    },
  };
}

const firstMs = 500;
const longestMs = 15_000;

/** Backoff after a number of consecutive failures, with jitter so that clients do not retry at the same moment. */
export function backoffMs(failures: number): number {
  return Math.min(firstMs * 2 ** (failures - 1), longestMs) * (0.75 + Math.random() / 2);
}
