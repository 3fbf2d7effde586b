import type { Outcome } from "./meter.ts";

export interface Found {
  workers: number;
  outcome: Outcome;
  /** `false`: no number is, however many stand idle. */
  isEnough: boolean;
  /** With one worker less; absent where one is enough. */
  fewer: Outcome | undefined;
}

interface Search {
  /** What so many workers make of it. */
  run: (workers: number) => Outcome;
  isEnough: (outcome: Outcome) => boolean;
  /** Where to begin; it costs time where it is far off. */
  guess: number;
}

/** Finds the least number that is enough. */
export function findLeastWorkers({ run, isEnough, guess }: Search): Found {
  const outcomes = new Map<number, Outcome>();
  const tryOut = (workers: number) => {
    const outcome = outcomes.get(workers) ?? run(workers);
    outcomes.set(workers, outcome);
    return outcome;
  };
  let few = 0;
  let enough = Math.max(1, Math.ceil(guess));
  let step = Math.max(1, Math.ceil(enough / 20));
  while (!isEnough(tryOut(enough))) {
    // Nobody has waited for a place: more of them change nothing.
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
