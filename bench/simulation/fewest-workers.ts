import type { SimulationOutcome } from "./wait-meter.ts";

export interface FewestWorkers {
  workers: number;
  outcome: SimulationOutcome;
  /** `false`: no number is enough, however many are idle. */
  isEnough: boolean;
  /** Outcome with one worker less; absent if one is enough. */
  fewer: SimulationOutcome | undefined;
}

interface Search {
  /** Simulates a number of workers. */
  run: (workers: number) => SimulationOutcome;
  isEnough: (outcome: SimulationOutcome) => boolean;
  /** Starting point; a bad guess costs only time. */
  guess: number;
}

/** Finds the smallest sufficient number. */
export function findFewestWorkers({ run, isEnough, guess }: Search): FewestWorkers {
  const outcomes = new Map<number, SimulationOutcome>();
  const tryOut = (workers: number) => {
    const outcome = outcomes.get(workers) ?? run(workers);
    outcomes.set(workers, outcome);
    return outcome;
  };
  let few = 0;
  let enough = Math.max(1, Math.ceil(guess));
  let step = Math.max(1, Math.ceil(enough / 20));
  while (!isEnough(tryOut(enough))) {
    // No message waited for a place, so more places change nothing.
    if (tryOut(enough).longestInQueueMs === 0) {
      return { workers: enough, outcome: tryOut(enough), isEnough: false, fewer: undefined };
    }
    few = enough;
    enough += step;
    step *= 2;
  }
  for (step = 1; few === 0 && enough - step > 0; step *= 2) {
    if (isEnough(tryOut(enough - step))) enough -= step;
    else few = enough - step;
  }
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (isEnough(tryOut(middle))) enough = middle;
    else few = middle;
  }
  const fewer = enough > 1 ? tryOut(enough - 1) : undefined;
  return { workers: enough, outcome: tryOut(enough), isEnough: true, fewer };
}
