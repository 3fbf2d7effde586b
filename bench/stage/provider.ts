import type { Child, ChildOptions } from "./child.ts";

/** How the fake provider answers from now on. */
export type Pace =
  | { firstMs: number; interMs: number; tokens: number }
  /**
   * Replies that go on until another pace is set: of those for `model` the first `live` ones at `interMs`, all others with
   * a token now and then, so that they do not count as dead. A token is the time at which it is sent, see `clock.ts`.
   */
  | { hold: true; model: string; live: number; interMs: number };

/** What becomes of the calls from now on. */
export interface Trouble {
  /** Of the calls, from 0 to 1; these are answered with 500. */
  failing: number;
  /** More calls than this at once are answered with 429. */
  most: number;
}

/** The fake provider, in a process of its own. */
export interface BenchProvider extends AsyncDisposable {
  readonly origin: string;
  readonly child: Child;
  pace(pace: Pace): Promise<void>;
  trouble(trouble: Trouble): Promise<void>;
}

/** As a quick model writes: 50 tokens a second, a reply of one second. */
export const realPace = { firstMs: 20, interMs: 20, tokens: 50 };
export const noDelay = { firstMs: 0, interMs: 0, tokens: 50 };

type StartServer = (options: Omit<ChildOptions, "logFile">) => Promise<{ child: Child; origin: string }>;

export async function startProvider(startServer: StartServer): Promise<BenchProvider> {
  const { child, origin } = await startServer({ name: "provider", script: "bench/parts/provider-main.ts", env: {} });
  return {
    origin,
    child,
    pace: (pace) => child.ask({ pace }),
    trouble: (trouble) => child.ask({ trouble }),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
