import type { PassageTable } from "./passage-table.ts";
import type { ScoredPassage } from "./score-passages.ts";

/** Share of common word pairs from which two passages are the same text, as a page and its version for printing. */
const sameText = 0.9;
/** Ratio of scores above which two passages answer a question alike. */
const sameScore = 0.97;

/**
 * Keeps the first of passages that are nearly the same and match the same words. Two countries' delivery pages may differ in
 * two words only: a question that names one of the countries keeps both.
 */
export function dropDuplicates(
  scored: readonly ScoredPassage[],
  passages: PassageTable,
  limit: number,
): ScoredPassage[] {
  const kept: ScoredPassage[] = [];
  for (const passage of scored) {
    if (kept.length === limit) break;
    if (!kept.some((better) => isSame(better, passage, passages))) kept.push(passage);
  }
  return kept;
}

/** Drops ids of passages that are nearly the same as one before, but for those in `kept`. */
export function dropCopies(ids: readonly number[], kept: ReadonlySet<number>, passages: PassageTable): number[] {
  const before: Uint8Array[] = [];
  return ids.filter((id) => {
    const place = passages.placeOf(id);
    if (place === undefined) return true;
    const pairs = passages.pairsAt(place);
    if (!kept.has(id) && before.some((other) => overlap(other, pairs) >= sameText)) return false;
    before.push(pairs);
    return true;
  });
}

function isSame(better: ScoredPassage, passage: ScoredPassage, passages: PassageTable): boolean {
  if (better.exact !== passage.exact || passage.score < better.score * sameScore) return false;
  return overlap(passages.pairsAt(better.place), passages.pairsAt(passage.place)) >= sameText;
}

/** Bits that both sets have, of those that one has; 0 for empty sets, as of passages of one word. */
function overlap(one: Uint8Array, other: Uint8Array): number {
  let both = 0;
  let either = 0;
  for (let at = 0; at < one.length; at++) {
    both += countBits((one[at] ?? 0) & (other[at] ?? 0));
    either += countBits((one[at] ?? 0) | (other[at] ?? 0));
  }
  return either === 0 ? 0 : both / either;
}

function countBits(byte: number): number {
  let count = 0;
  for (let bits = byte; bits > 0; bits &= bits - 1) count++;
  return count;
}
