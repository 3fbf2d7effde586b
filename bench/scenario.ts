import type { Figure } from "./figure.ts";
import type { Contenders } from "./testbed/contenders.ts";
import type { Testbed } from "./testbed/testbed.ts";

/** One measurement. Each opens the parts it needs on the testbed, and closes them. */
export interface Scenario {
  /** Name for `--only`. */
  name: string;
  /** Description in a sentence. */
  about: string;
  /** Approximate duration in seconds of a long scenario; it runs with `--full` or if named. */
  fullOnlySeconds?: number;
  /** True if all its measurements need Redis. */
  needsRedis?: boolean;
  run(bench: Bench): Promise<Figure[]>;
}

/** Environment of a scenario. */
export interface Bench {
  testbed: Testbed;
  contenders: Contenders;
  /** Rounds of each measurement. */
  rounds: number;
  /** True if the heavy variants are wanted. */
  full: boolean;
  quick: boolean;
  /** Folder of XQuAD, if it was named. */
  data: string | undefined;
  /** Scales the usual length of a measurement, in milliseconds. */
  ms(usual: number): number;
  say(text: string): void;
}
