import { ServiceError } from "@parley/client";

const firstPauseMs = 500;
const maxPauseMs = 15_000;

/** Pause before a retry: the time that the service asks for, or one that grows, with jitter. */
export function retryPauseMs(failures: number, error?: ServiceError): number {
  const grown = Math.min(firstPauseMs * 2 ** (failures - 1), maxPauseMs);
  return Math.max(error?.retryAfterMs ?? 0, grown) * (1 + Math.random() / 4);
}

/**
 * Calls until it succeeds, or fails for good.
 * @param onFailure is called with each failure after which it calls again
 * @throws {ServiceError} one that does not pass
 * @throws the signal's abort reason
 */
export async function persist<Answer>(
  call: () => Promise<Answer>,
  signal: AbortSignal,
  onFailure: (error: ServiceError) => void,
): Promise<Answer> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || !(error instanceof ServiceError) || !error.passing) throw error;
      onFailure(error);
      await pauseFor(retryPauseMs(failures, error), signal);
    }
  }
}

/** @throws the signal's abort reason */
export function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/** True if no part of the page can be seen: it holds no connection then. */
export function isHidden(): boolean {
  return document.visibilityState === "hidden";
}
