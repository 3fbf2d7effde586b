import type { Figure } from "./figure.ts";
import type { Cast } from "./stage/cast.ts";
import type { Stage } from "./stage/stage.ts";

/** One thing to measure. Each opens what it needs on the stage, and closes it. */
export interface Scenario {
  /** As `--only` names it. */
  name: string;
  /** What is measured, in a sentence. */
  about: string;
  /** Takes long: measured with `--full` or when it is named; in seconds, about. */
  fullOnlySeconds?: number;
  /** All that it measures stands on Redis. */
  needsRedis?: boolean;
  run(bench: Bench): Promise<Figure[]>;
}

/** What a scenario works with. */
export interface Bench {
  stage: Stage;
  cast: Cast;
  /** Of each measurement. */
  rounds: number;
  /** The heavy variants are wanted. */
  full: boolean;
  /** How long something is measured, of the usual length in milliseconds. */
  ms(usual: number): number;
  say(text: string): void;
}
