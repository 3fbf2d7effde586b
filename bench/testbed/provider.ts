import type { MeasuredProcess, ProcessOptions } from "./measured-process.ts";

/** Pace of the fake provider's answers from now on. */
export type ProviderPace =
  | { firstMs: number; interMs: number; tokens: number }
  /**
   * Endless replies, until another pace is set. Of those for `model`, the first `live` ones get tokens at `interMs`,
   * all others only at long intervals, so that they do not count as dead. A token is its time of sending, see
   * `clock.ts`.
   */
  | { hold: true; model: string; live: number; interMs: number };

/** Faults of the calls from now on. */
export interface ProviderFaults {
  /** Share of the calls, from 0 to 1, that are answered with 500. */
  failing: number;
  /** Maximum calls in flight; others are answered with 429. */
  most: number;
}

/** The fake provider as its own process. */
export interface BenchProvider extends AsyncDisposable {
  readonly origin: string;
  readonly child: MeasuredProcess;
  pace(pace: ProviderPace): Promise<void>;
  trouble(trouble: ProviderFaults): Promise<void>;
}

/** Pace of a quick model: 50 tokens a second, a reply of one second. */
export const realPace = { firstMs: 20, interMs: 20, tokens: 50 };
export const noDelay = { firstMs: 0, interMs: 0, tokens: 50 };

type StartServer = (options: Omit<ProcessOptions, "logFile">) => Promise<{ child: MeasuredProcess; origin: string }>;

export async function startProvider(startServer: StartServer): Promise<BenchProvider> {
  const { child, origin } = await startServer({ name: "provider", script: "bench/testbed/provider-main.ts", env: {} });
  return {
    origin,
    child,
    pace: (pace) => child.ask({ pace }),
    trouble: (trouble) => child.ask({ trouble }),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
