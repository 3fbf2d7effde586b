import { pairBit, pairBytes } from "../analysis/pair-bits.ts";
import type { PassageTable } from "./passage-table.ts";
import { countAt, maxPostingCount, type Postings } from "./postings.ts";
import {
  type AnalyzedQuestion,
  joinWeights,
  type QuestionPair,
  type QuestionTerm,
  totalWeight,
} from "./question-terms.ts";

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
  const search = { ...site, allowed, candidates: [], isOpen: true };
  const bounds = terms.map((term) => boundOf(term, site.passages));
  let rest = [...bounds, ...pairs.map((pair) => weightOfPair(pair, terms))].reduce((sum, bound) => sum + bound, 0);
  for (const [number, term] of terms.entries()) {
    narrow(search, { limit, rest });
    addExact(term, number, search);
    addSimilar(term, search);
    rest -= bounds[number] ?? 0;
  }
  for (const pair of pairs) addPair(pair, terms, search);
  return collect(search, limit);
}

/** Maximum that a term adds to a score: of a passage that has it often, and is shorter than any. */
function boundOf(term: QuestionTerm, passages: PassageTable): number {
  return totalWeight(term) * saturate(maxPostingCount, 0, passages.averageLength);
}

interface Search extends Site {
  allowed: Uint8Array;
  /** Places with a score. */
  candidates: number[];
  /** False once no passage is added. */
  isOpen: boolean;
}

function reserve(capacity: number): void {
  if (board.scores.length >= capacity) return;
  board.scores = new Float64Array(capacity);
  board.exact = new Uint32Array(capacity);
  board.shares = new Float64Array(capacity);
}

/** Closes the search to new passages, and drops those that cannot reach the best ones any more. */
function narrow(search: Search, { limit, rest }: { limit: number; rest: number }): void {
  if (search.candidates.length <= limit) return;
  const threshold = nthBest(search.candidates, limit);
  if (rest >= threshold) return;
  search.isOpen = false;
  search.candidates = search.candidates.filter((place) => {
    if ((board.scores[place] ?? 0) + rest >= threshold) return true;
    board.scores[place] = board.exact[place] = 0;
    return false;
  });
}

/** Score of the `limit`-th best candidate. */
function nthBest(candidates: readonly number[], limit: number): number {
  const top = new Float64Array(limit);
  for (const place of candidates) {
    const score = board.scores[place] ?? 0;
    if (score <= (top[0] ?? 0)) continue;
    let at = 1;
    while (at < limit && (top[at] ?? 0) < score) {
      top[at - 1] = top[at] ?? 0;
      at++;
    }
    top[at - 1] = score;
  }
  return top[0] ?? 0;
}

/** Part of a term's weight that a count earns, in a passage of that length. */
function saturate(count: number, length: number, averageLength: number): number {
  return (count * (k1 + 1)) / (count + k1 * (1 - b + (b * length) / averageLength));
}

function addScore(place: number, score: number, search: Search): boolean {
  const before = board.scores[place] ?? 0;
  if (before === 0) {
    if (!search.isOpen || search.allowed[search.passages.sources[place] ?? 0] !== 1) return false;
    search.candidates.push(place);
  }
  board.scores[place] = before + score;
  return true;
}

function addExact({ term, weight }: QuestionTerm, number: number, search: Search): void {
  if (term < 0 || weight === 0) return;
  const { postings, passages } = search;
  const { averageLength, lengths } = passages;
  const add = (place: number, count: number) => {
    if (!addScore(place, weight * saturate(count, lengths[place] ?? 0, averageLength), search)) return;
    board.exact[place] = (board.exact[place] ?? 0) | (1 << number);
  };
  const bitmap = search.isOpen ? undefined : postings.bitmap(term);
  if (bitmap) {
    for (const place of search.candidates) {
      const count = countAt(bitmap, place);
      if (count > 0) add(place, count);
    }
    return;
  }
  const length = postings.read(term);
  for (let at = 0; at < length; at++) add(postings.places[at] ?? 0, postings.counts[at] ?? 0);
}

function addSimilar({ similar, similarWeight }: QuestionTerm, search: Search): void {
  const { postings, passages } = search;
  const { averageLength, lengths } = passages;
  const { shares } = board;
  const found: number[] = [];
  for (const { term, share } of similar) {
    const weight = share ** joining;
    const length = postings.read(term);
    for (let at = 0; at < length; at++) {
      const place = postings.places[at] ?? 0;
      if (!search.isOpen && board.scores[place] === 0) continue;
      const before = shares[place] ?? 0;
      if (before === 0) found.push(place);
      shares[place] = before + weight * (postings.counts[at] ?? 0);
    }
  }
  for (const place of found) {
    const count = (shares[place] ?? 0) ** (1 / joining);
    shares[place] = 0;
    addScore(
      place,
      similarWeight * saturate(Math.min(count, maxPostingCount), lengths[place] ?? 0, averageLength),
      search,
    );
  }
}

function weightOfPair({ first, second }: QuestionPair, terms: readonly QuestionTerm[]): number {
  return pairWeight * joinWeights(terms[first]?.weight ?? 0, terms[second]?.weight ?? 0);
}

/** Raises passages in which two words of the question are neighbours, too. */
function addPair(pair: QuestionPair, terms: readonly QuestionTerm[], { candidates, passages }: Search): void {
  const weight = weightOfPair(pair, terms);
  const both = (1 << pair.first) | (1 << pair.second);
  const bit = pairBit(...pair.words);
  if (weight === 0) return;
  for (const place of candidates) {
    if (((board.exact[place] ?? 0) & both) === both && hasPair(passages, place, bit)) {
      board.scores[place] = (board.scores[place] ?? 0) + weight;
    }
  }
}

function hasPair(passages: PassageTable, place: number, bit: number): boolean {
  return (((passages.pairs[place * pairBytes + (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 1;
}

/** Takes the best candidates, and clears the board. */
function collect({ candidates, passages }: Search, limit: number): ScoredPassage[] {
  const threshold = candidates.length > limit ? nthBest(candidates, limit) : 0;
  const scored: ScoredPassage[] = [];
  for (const place of candidates) {
    const score = board.scores[place] ?? 0;
    if (score >= threshold) scored.push({ place, id: passages.ids[place] ?? 0, score, exact: board.exact[place] ?? 0 });
    board.scores[place] = board.exact[place] = 0;
  }
  return scored.toSorted((one, other) => other.score - one.score || one.id - other.id).slice(0, limit);
}
