interface Backoff {
  /** Delay after the first failure. */
  firstMs: number;
  /** Maximum delay. */
  longestMs: number;
}

/**
 * Delay before the next try, which doubles with each failure.
 * @param failures consecutive failures so far, 1 or more
 * @param backoff `factor` replaces the doubling
 */
export function exponentialBackoffMs(
  failures: number,
  { firstMs, longestMs, factor = 2 }: Backoff & { factor?: number },
): number {
  return Math.min(firstMs * factor ** (failures - 1), longestMs);
}

/**
 * Delay before the next try, which grows by `firstMs` with each failure: for a store on which visitors wait.
 * @param failures consecutive failures so far, 1 or more
 */
export function linearBackoffMs(failures: number, { firstMs, longestMs }: Backoff): number {
  return Math.min(firstMs * failures, longestMs);
}
