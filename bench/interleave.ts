import type { Contender } from "./figure.ts";

/** Work of one contender in one round. */
export type RoundWork<T> = () => Promise<T>;

/**
 * Runs all contenders in turn, round after round, every second round in the opposite order. A machine that slows down
 * meanwhile does so for all of them.
 * @returns one result per round for each contender
 */
export async function interleave<T>(
  turns: Partial<Record<Contender, RoundWork<T>>>,
  rounds: number,
): Promise<Partial<Record<Contender, T[]>>> {
  const names = Object.keys(turns) as Contender[];
  const results: Partial<Record<Contender, T[]>> = {};
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const result = await turns[name]?.();
      if (result !== undefined) (results[name] ??= []).push(result);
    }
  }
  return results;
}

/** Picks one number of each result. */
export function pick<T>(
  results: Partial<Record<Contender, T[]>>,
  number: (result: T) => number,
): Partial<Record<Contender, number[]>> {
  return Object.fromEntries(Object.entries(results).map(([name, all]) => [name, all.map(number)]));
}
