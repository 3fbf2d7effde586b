/** Environment of a process whose wall clock is ahead by `ms`; on SIGUSR2 it jumps to as far behind. */
export function withSkewedClock(ms: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--import ${new URL("skewed-clock.ts", import.meta.url).href}`,
    TEST_CLOCK_SKEW_MS: String(ms),
  };
}
