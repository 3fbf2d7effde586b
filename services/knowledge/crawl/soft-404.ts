const segmenter = new Intl.Segmenter("und", { granularity: "word" });

/** Share of words by which two renderings of one error page differ: a date, a search hint, another suggestion. */
const toleratedShare = 0.03;

/**
 * Tells whether a page is the host's error page, although its status is 200: its text is the one that a random address of
 * the host gives. Addresses and numbers in the texts are ignored, since an error page repeats them.
 * @param page text extracted from a page
 * @param probe text extracted from a page that cannot exist
 */
export function isErrorText(page: string, probe: string): boolean {
  const [ours, theirs] = [countWords(page), countWords(probe)];
  const total = Math.max(ours.total, theirs.total);
  if (ours.total === 0 || theirs.total === 0) return false;
  const tolerated = Math.max(1, Math.floor(total * toleratedShare));
  const shared = [...ours.counts].reduce(
    (sum, [word, count]) => sum + Math.min(count, theirs.counts.get(word) ?? 0),
    0,
  );
  return shared > 0 && ours.total - shared <= tolerated && theirs.total - shared <= tolerated;
}

function countWords(text: string): { counts: Map<string, number>; total: number } {
  const counts = new Map<string, number>();
  let total = 0;
  const withoutAddresses = text
    .normalize("NFKC")
    .replace(/\S*\/\S*/g, " ")
    .replace(/\d+/g, "0")
    .toLowerCase();
  for (const { segment, isWordLike } of segmenter.segment(withoutAddresses)) {
    if (isWordLike !== true) continue;
    counts.set(segment, (counts.get(segment) ?? 0) + 1);
    total += 1;
  }
  return { counts, total };
}
