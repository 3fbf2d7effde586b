import { tokenize } from "../analysis/tokenize.ts";
import { termBytes } from "../analysis/passage-terms.ts";
import { type GramIndex, gramKeys } from "./gram-index.ts";
import { isFrequent } from "./postings.ts";
import { termFields, type TermTable } from "./term-table.ts";

/** Characters of a question that are read; the rest of a longer one is left out. */
const maxCharacters = 2_000;
/** Terms of a question that count: the heaviest, as a mask has 32 bits. */
const maxTerms = 32;
/** Similar words of one word, and the share of its grams that each must have. */
const maxSimilar = 32;
const leastShare = 0.2;
/** Grams of more words are endings: they say little, and take long. */
const maxWordsOfGram = 1_000;
/** Share given to a word one typing error away, if nothing in the site is nearer than `unknownBelow`. */
const typingErrorShare = 0.75;
const unknownBelow = 0.7;
/** Words this short differ in one letter and mean something else. */
const leastLettersForError = 5;
/** Bytes of a letter in UTF-8 at most; words that differ by more need not be compared by letters. */
const maxLetterBytes = 4;

/** Weight of the similar words of a word beside the word itself. */
const similarWeight = 0.6;
/** Rare terms count more than BM25's logarithm says. Chosen on XQuAD in six languages. */
const rarity = 1.3;

/** Weight of joined terms at most: that of a term in one of 200 passages. Untried on larger sites. */
const maxJoinedWeight = 9;

/** Term of a question, with the words of the site that it may mean. */
export interface QuestionTerm {
  text: string;
  /** Number of the same term in the site; -1 without one. */
  term: number;
  /** Weight of the term itself, and that of its similar words. */
  weight: number;
  similarWeight: number;
  /** Similar words by share, the term itself among them with a share of 1. */
  similar: readonly SimilarTerm[];
}

export interface SimilarTerm {
  term: number;
  /** Weight of the grams that it has in common, of all: 0 to 1. */
  share: number;
}

/** Neighbouring words of a question, by their place among its terms. */
export interface QuestionPair {
  first: number;
  second: number;
  words: [string, string];
}

export interface AnalyzedQuestion {
  /** Heaviest first. */
  terms: QuestionTerm[];
  pairs: QuestionPair[];
  /** Number of different words. */
  words: number;
}

/** Site that a question is asked in. */
export interface Lexicon {
  terms: TermTable;
  grams: GramIndex;
  /** Number of passages. */
  passages: number;
}

/** Finds what the words of a question may mean in a site. */
export function analyzeQuestion(question: string, lexicon: Lexicon): AnalyzedQuestion {
  const { words, extras } = tokenize(question.slice(0, maxCharacters).toWellFormed());
  const known = new Map<string, QuestionTerm>();
  for (const word of words) if (!known.has(word)) known.set(word, lookUp(word, lexicon, true));
  for (const extra of extras) if (!known.has(extra)) known.set(extra, lookUp(extra, lexicon, false));
  const terms = [...known.values()]
    .toSorted((a, b) => totalWeight(b) - totalWeight(a) || (a.text < b.text ? -1 : 1))
    .slice(0, maxTerms);
  const places = new Map(terms.map(({ text }, place) => [text, place]));
  const pairs = new Map<string, QuestionPair>();
  for (const [at, second] of words.entries()) {
    const first = words[at - 1] ?? "";
    const pair = { first: places.get(first) ?? -1, second: places.get(second) ?? -1 };
    if (pair.first >= 0 && pair.second >= 0) pairs.set(`${first} ${second}`, { ...pair, words: [first, second] });
  }
  return { terms, pairs: [...pairs.values()], words: new Set(words).size };
}

function totalWeight({ weight, similarWeight: similar }: QuestionTerm): number {
  return weight + similar;
}

/** Inverse document frequency. @param passages those that have the term, removed ones perhaps among them */
export function weightOf(passages: number, all: number): number {
  const having = Math.min(passages, all);
  return Math.log(1 + (all - having + 0.5) / (having + 0.5)) ** rarity;
}

/** Weight of two terms together: logarithms add up, as the chances of independent terms multiply. */
export function joinWeights(first: number, second: number): number {
  if (first === 0 || second === 0) return 0;
  return Math.min((first ** (1 / rarity) + second ** (1 / rarity)) ** rarity, maxJoinedWeight);
}

function lookUp(text: string, lexicon: Lexicon, isWord: boolean): QuestionTerm {
  const { terms, passages: all } = lexicon;
  const term = terms.find(termBytes(text));
  const passages = term < 0 ? 0 : terms.get(term, termFields.passages);
  const weight = passages === 0 ? 0 : weightOf(passages, all);
  const found = { text, term, weight, similarWeight: 0, similar: [] };
  if (!isWord || isFrequent(passages, all)) return found;
  const { similar, gramWeight } = findSimilar(text, lexicon);
  return { ...found, similar, similarWeight: similarWeight * gramWeight };
}

/** Numbers by term, shared by all sites of a process: a search runs to its end without a pause. */
const board = {
  weights: new Float64Array(0),
  /** Terms with a weight. */
  touched: new Uint32Array(0),
  words: new Uint32Array(maxWordsOfGram),
};

function findSimilar(word: string, lexicon: Lexicon): { similar: SimilarTerm[]; gramWeight: number } {
  reserve(lexicon.terms.count);
  const { weights, touched } = board;
  const { grams, passages } = lexicon;
  const weighed = Array.from(gramKeys(word))
    .filter((key) => grams.passages(key) > 0 && grams.size(key) <= maxWordsOfGram)
    .map((key) => ({ key, weight: weightOf(grams.passages(key), passages) }))
    .toSorted((a, b) => b.weight - a.weight || a.key - b.key);
  const gramWeight = weighed.reduce((sum, { weight }) => sum + weight, 0);
  let count = 0;
  let rest = gramWeight;
  for (const { key, weight } of weighed) {
    count = addGram({ key, weight, count, isOpen: rest >= leastShare * gramWeight }, grams);
    rest -= weight;
  }
  const all = touched.subarray(0, count);
  const near: SimilarTerm[] = [];
  for (const term of all) {
    const share = (weights[term] ?? 0) / gramWeight;
    weights[term] = 0;
    if (share >= leastShare && isUsable(term, lexicon)) near.push({ term, share });
  }
  const isUnknown = !near.some(({ share }) => share >= unknownBelow);
  return { similar: order(isUnknown ? withTypingErrors(word, { near, all }, lexicon) : near, lexicon), gramWeight };
}

function reserve(terms: number): void {
  if (board.weights.length >= terms) return;
  const size = Math.ceil(terms * 1.3);
  board.weights = new Float64Array(size);
  board.touched = new Uint32Array(size);
}

interface WeighedGram {
  key: number;
  weight: number;
  /** Number of terms with a weight. */
  count: number;
  /** False once a word without the grams so far has too few of them. */
  isOpen: boolean;
}

/** Adds the weight of a gram to its words; returns the number of terms with a weight. */
function addGram({ key, weight, count, isOpen }: WeighedGram, grams: GramIndex): number {
  const { weights, words, touched } = board;
  const length = grams.read(key, words);
  let used = count;
  for (let at = 0; at < length; at++) {
    const term = words[at] ?? 0;
    const before = weights[term] ?? 0;
    if (before === 0) {
      if (!isOpen) continue;
      touched[used++] = term;
    }
    weights[term] = before + weight;
  }
  return used;
}

/** Adds the words one typing error away. Such a word shares a gram at its beginning or its end. */
function withTypingErrors(
  word: string,
  { near, all }: { near: SimilarTerm[]; all: Uint32Array },
  lexicon: Lexicon,
): SimilarTerm[] {
  if (word.length < leastLettersForError) return near;
  const { length } = termBytes(word);
  const meant = Array.from(all)
    .filter((term) => Math.abs(lexicon.terms.get(term, termFields.size) - length) <= maxLetterBytes)
    .filter((term) => isUsable(term, lexicon) && isOneEditApart(word, lexicon.terms.text(term)))
    .map((term) => ({ term, share: typingErrorShare }));
  if (meant.length === 0) return near;
  const others = near.filter(({ term }) => !meant.some((one) => one.term === term));
  return [...meant, ...others];
}

function isUsable(term: number, { terms, passages }: Lexicon): boolean {
  const having = terms.get(term, termFields.passages);
  return having > 0 && !isFrequent(having, passages);
}

/** Equal shares are ordered by text: numbers of terms depend on the order of loading, results must not. */
function order(similar: readonly SimilarTerm[], { terms }: Lexicon): SimilarTerm[] {
  const sorted = similar.toSorted((a, b) => b.share - a.share);
  const limit = sorted[maxSimilar - 1]?.share ?? 0;
  return sorted
    .filter(({ share }) => share >= limit)
    .map((one) => ({ ...one, text: terms.text(one.term) }))
    .toSorted((a, b) => b.share - a.share || (a.text < b.text ? -1 : 1))
    .slice(0, maxSimilar)
    .map(({ term, share }) => ({ term, share }));
}

/** True if one typing error lies between two words: a letter more, less, other, or two neighbours in the wrong order. */
export function isOneEditApart(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1 || one === other) return false;
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end++;
  // The parts between the common beginning and the common end.
  const left = one.slice(start, one.length - end);
  const right = other.slice(start, other.length - end);
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
