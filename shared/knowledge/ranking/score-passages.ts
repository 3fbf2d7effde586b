import { pairBit } from "../analysis/pair-bits.ts";
import type { PassageTable } from "./passage-table.ts";
import { countAt, maxPostingCount, type Postings } from "./postings.ts";
import { type AnalyzedQuestion, joinWeights, type QuestionPair, type QuestionTerm } from "./question-terms.ts";

/** BM25: saturation of counts, and share of the length's influence. */
const k1 = 0.9;
const b = 0.6;
/** Exponent of the mean by which similar words join: between their sum (1) and the best one. */
const joining = 1.5;
/** Weight of two neighbouring words, beside that of a term as rare as the two are together by chance. */
const pairWeight = 0.6;

/** Passage with its score. */
export interface ScoredPassage {
  place: number;
  id: number;
  score: number;
  /** Bits of the question's terms that stand in it as they are. */
  exact: number;
}

interface Site {
  passages: PassageTable;
  postings: Postings;
}

/** Numbers by place, shared by all sites of a process: a search runs to its end without a pause. */
const board = {
  scores: new Float64Array(0),
  /** Bits of the terms that stand in a passage as they are. */
  exact: new Uint32Array(0),
  /** Count of a term and its similar words, by their shares. */
  shares: new Float64Array(0),
  /** Places with a score, and places with a share. */
  candidates: new Uint32Array(0),
  found: new Uint32Array(0),
};

/**
 * Scores the passages of a site that may be among the best `limit`, best first. Terms go from the heaviest to the lightest.
 * As soon as a passage without any of the terms so far cannot reach the best ones by all of the rest, none is added. The
 * result is the same as that of scoring all passages.
 */
export function scorePassages(
  { terms, pairs }: AnalyzedQuestion,
  site: Site,
  { limit, allowed }: { limit: number; allowed: Uint8Array },
): ScoredPassage[] {
  reserve(site.passages.capacity);
  const search: Search = { ...site, allowed, count: 0, isOpen: true };
  const weighed = pairs.map((pair) => ({ pair, both: maskOf(pair), weight: weightOfPair(pair, terms) }));
  const rests = boundRests(terms, weighed, site);
  for (const [number, term] of terms.entries()) {
    const rest = rests[number];
    if (rest) narrow(search, limit, rest);
    addExact(term, number, search);
    addSimilar(term, search);
  }
  for (const [number, pair] of weighed.entries()) {
    narrow(search, limit, { reached: Infinity, fresh: 0, terms: slack, left: 0, pairs: weighed.slice(number) });
    addPair(pair, search);
  }
  return collect(search, limit);
}

interface WeighedPair {
  pair: QuestionPair;
  /** Bits of its terms. */
  both: number;
  weight: number;
}

/** Bounds before a term or a pair is added. */
interface Rest {
  /** Maximum of all scores so far. */
  reached: number;
  /** Maximum that the rest adds to a passage with none of the terms so far. */
  fresh: number;
  /** Maximum that the terms of the rest add to a passage, and their bits. */
  terms: number;
  left: number;
  /** Pairs of the rest. */
  pairs: readonly WeighedPair[];
}

/** Difference above the errors of sums that are added in another order. */
const slack = 1e-9;

function boundRests(terms: readonly QuestionTerm[], pairs: readonly WeighedPair[], site: Site): Rest[] {
  const bounds = terms.map((term) => boundOf(term, site));
  return bounds.map((_, number) => {
    const ofTerms = sumOf(bounds.slice(number));
    // A pair counts where both of its words stand.
    const freshPairs = pairs.filter(({ pair }) => isAmong(pair, number)).map(({ weight }) => weight);
    return {
      reached: sumOf(bounds.slice(0, number)) + slack,
      fresh: ofTerms + sumOf(freshPairs) + slack,
      terms: ofTerms + slack,
      left: -1 << number,
      pairs,
    };
  });
}

function maskOf({ first, second }: QuestionPair): number {
  return (1 << first) | (1 << second);
}

/** True if no word of a pair is before the term of a number. */
function isAmong({ first, second }: QuestionPair, number: number): boolean {
  return Math.min(first, second) >= number;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Maximum that a term adds to a score: of the shortest passage, with the maximum counts of the term and its similar words. */
function boundOf({ term, weight, similar, similarWeight }: QuestionTerm, { passages, postings }: Site): number {
  const most = (count: number) => saturate(Math.min(count, maxPostingCount), passages.shortest, passages.averageLength);
  const shares = similar.reduce((sum, one) => sum + one.share ** joining * postings.maxCount(one.term), 0);
  return (weight === 0 ? 0 : weight * most(postings.maxCount(term))) + similarWeight * most(shares ** (1 / joining));
}

interface Search extends Site {
  allowed: Uint8Array;
  /** Number of candidates. */
  count: number;
  /** False once no passage is added. */
  isOpen: boolean;
}

function reserve(capacity: number): void {
  if (board.scores.length >= capacity) return;
  board.scores = new Float64Array(capacity);
  board.exact = new Uint32Array(capacity);
  board.shares = new Float64Array(capacity);
  board.candidates = new Uint32Array(capacity);
  board.found = new Uint32Array(capacity);
}

/** Closes the search to new passages, and drops those that cannot reach the best ones any more. */
function narrow(search: Search, limit: number, { reached, fresh, terms, left, pairs }: Rest): void {
  if (search.count <= limit || fresh > reached) return;
  const { scores, exact, candidates } = board;
  const threshold = nthBest(search.count, limit);
  if (fresh >= threshold) return;
  search.isOpen = false;
  let kept = 0;
  // Most passages have the same few of the terms.
  let [having, most] = [left, terms + maxOfPairs(pairs, left)];
  for (let at = 0; at < search.count; at++) {
    const place = candidates[at] ?? 0;
    const mayHave = (exact[place] ?? 0) | left;
    if (mayHave !== having) [having, most] = [mayHave, terms + maxOfPairs(pairs, mayHave)];
    if ((scores[place] ?? 0) + most >= threshold) candidates[kept++] = place;
    else scores[place] = exact[place] = 0;
  }
  search.count = kept;
}

/** Maximum that pairs add to a passage that may have the terms of a mask, and no others. */
function maxOfPairs(pairs: readonly WeighedPair[], mask: number): number {
  let most = 0;
  for (const { both, weight } of pairs) if ((mask & both) === both) most += weight;
  return most;
}

/** Score of the `limit`-th best of the first candidates. */
function nthBest(count: number, limit: number): number {
  const { scores, candidates } = board;
  const top = new Float64Array(limit);
  let least = 0;
  for (let number = 0; number < count; number++) {
    const score = scores[candidates[number] ?? 0] ?? 0;
    if (score <= least) continue;
    let at = 1;
    while (at < limit && (top[at] ?? 0) < score) {
      top[at - 1] = top[at] ?? 0;
      at++;
    }
    top[at - 1] = score;
    least = top[0] ?? 0;
  }
  return least;
}

/** Part of a term's weight that a count earns, in a passage of that length. */
function saturate(count: number, length: number, averageLength: number): number {
  return (count * (k1 + 1)) / (count + k1 * (1 - b + (b * length) / averageLength));
}

function addExact({ term, weight }: QuestionTerm, number: number, search: Search): void {
  if (term < 0 || weight === 0) return;
  const bitmap = search.isOpen ? undefined : search.postings.bitmap(term);
  if (bitmap) addFromBitmap(bitmap, { weight, bit: 1 << number }, search);
  else addFromList(term, { weight, bit: 1 << number }, search);
}

/** Adds a frequent term to the candidates alone. */
function addFromBitmap(bitmap: Uint8Array, { weight, bit }: { weight: number; bit: number }, search: Search): void {
  const { scores, exact, candidates } = board;
  const { lengths, averageLength } = search.passages;
  for (let at = 0; at < search.count; at++) {
    const place = candidates[at] ?? 0;
    const count = countAt(bitmap, place);
    if (count === 0) continue;
    scores[place] = (scores[place] ?? 0) + weight * saturate(count, lengths[place] ?? 0, averageLength);
    exact[place] = (exact[place] ?? 0) | bit;
  }
}

function addFromList(term: number, { weight, bit }: { weight: number; bit: number }, search: Search): void {
  const { scores, exact } = board;
  const { lengths, averageLength } = search.passages;
  const length = search.postings.read(term);
  const { places, counts } = search.postings;
  for (let at = 0; at < length; at++) {
    const place = places[at] ?? 0;
    if (scores[place] === 0 && !isTaken(place, search)) continue;
    const score = weight * saturate(counts[at] ?? 0, lengths[place] ?? 0, averageLength);
    scores[place] = (scores[place] ?? 0) + score;
    exact[place] = (exact[place] ?? 0) | bit;
  }
}

/** Makes a passage a candidate, if the search is open and the passage may be used. */
function isTaken(place: number, search: Search): boolean {
  if (!search.isOpen || search.allowed[search.passages.sources[place] ?? 0] !== 1) return false;
  board.candidates[search.count++] = place;
  return true;
}

function addSimilar({ similar, similarWeight }: QuestionTerm, search: Search): void {
  const { lengths, averageLength } = search.passages;
  const { scores, shares, found } = board;
  const count = addShares(similar, search);
  let [sum, joined] = [0, 0];
  for (let at = 0; at < count; at++) {
    const place = found[at] ?? 0;
    const share = shares[place] ?? 0;
    shares[place] = 0;
    if (scores[place] === 0 && !isTaken(place, search)) continue;
    // Most passages have one similar word once, the same as the passage before: the power takes longer than all else here.
    if (share !== sum) [sum, joined] = [share, Math.min(share ** (1 / joining), maxPostingCount)];
    const score = similarWeight * saturate(joined, lengths[place] ?? 0, averageLength);
    scores[place] = (scores[place] ?? 0) + score;
  }
}

/** Adds up the shares of the words that each passage has; returns the number of the found ones. */
function addShares(similar: QuestionTerm["similar"], { postings, isOpen }: Search): number {
  const { scores, shares, found } = board;
  let used = 0;
  for (const { term, share } of similar) {
    const weight = share ** joining;
    const length = postings.read(term);
    const { places, counts } = postings;
    for (let at = 0; at < length; at++) {
      const place = places[at] ?? 0;
      if (!isOpen && scores[place] === 0) continue;
      const before = shares[place] ?? 0;
      if (before === 0) found[used++] = place;
      shares[place] = before + weight * (counts[at] ?? 0);
    }
  }
  return used;
}

function weightOfPair({ first, second }: QuestionPair, terms: readonly QuestionTerm[]): number {
  return pairWeight * joinWeights(terms[first]?.weight ?? 0, terms[second]?.weight ?? 0);
}

/** Raises passages in which two words of the question are neighbours, too. */
function addPair({ pair, both, weight }: WeighedPair, { count, passages }: Search): void {
  const { scores, exact, candidates } = board;
  const bit = pairBit(...pair.words);
  if (weight === 0) return;
  for (let at = 0; at < count; at++) {
    const place = candidates[at] ?? 0;
    if (((exact[place] ?? 0) & both) !== both || !passages.hasPair(place, bit)) continue;
    scores[place] = (scores[place] ?? 0) + weight;
  }
}

/** Takes the best candidates, and clears the board. */
function collect({ count, passages }: Search, limit: number): ScoredPassage[] {
  const { scores, exact, candidates } = board;
  const threshold = count > limit ? nthBest(count, limit) : 0;
  const scored: ScoredPassage[] = [];
  for (let at = 0; at < count; at++) {
    const place = candidates[at] ?? 0;
    const score = scores[place] ?? 0;
    if (score >= threshold) scored.push({ place, id: passages.ids[place] ?? 0, score, exact: exact[place] ?? 0 });
    scores[place] = exact[place] = 0;
  }
  return scored.toSorted((one, other) => other.score - one.score || one.id - other.id).slice(0, limit);
}
