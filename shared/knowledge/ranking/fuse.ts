/** Constant of reciprocal rank fusion: how much the first places of a list count more than the next ones (Cormack, 2009). */
const softening = 60;

/**
 * Fuses ranked lists of ids by rank: scores of different kinds cannot be compared. An id that several lists have goes before
 * one at the same place of a single list. Equal ones are ordered by id.
 *
 * @param lists ids, each once in a list, best first
 */
export function fuse(lists: readonly (readonly number[])[]): number[] {
  const scores = new Map<number, number>();
  for (const list of lists) {
    for (const [place, id] of list.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (softening + place + 1));
  }
  return [...scores].toSorted(([a, one], [b, other]) => other - one || a - b).map(([id]) => id);
}
