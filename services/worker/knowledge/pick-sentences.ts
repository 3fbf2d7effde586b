import { splitSentences, type TextRange } from "../../../shared/knowledge/passages/sentences.ts";
import { rootsOf } from "./roots.ts";

/** Maximum characters of a quote. */
export const maxQuoteChars = 300;

interface Sentence extends TextRange {
  /** Wanted roots that it has. */
  roots: string[];
}

/** A word that is looked for, by the roots of all its forms. */
export interface WantedWord {
  roots: readonly string[];
  weight: number;
}

/** A sentence with the weight of the wanted words that it has. */
export interface RatedSentence extends TextRange {
  score: number;
}

/** Rates the sentences of a text by wanted words: the sum of the weights of those that it has. */
export function rateSentences(text: string, wanted: readonly WantedWord[]): RatedSentence[] {
  return splitSentences(text).map(({ start, end }) => {
    const roots = rootsOf(text.slice(start, end));
    const has = wanted.filter((word) => word.roots.some((root) => roots.has(root)));
    return { start, end, score: has.reduce((total, { weight }) => total + weight, 0) };
  });
}

/**
 * Picks the neighbouring sentences of a passage that have most of the wanted words, the fewest of them that do, with at
 * most {@link maxQuoteChars} characters. A longer sentence is cut between words.
 */
export function pickQuote(text: string, wanted: ReadonlySet<string>): string {
  const sentences = readSentences(text, wanted);
  const weights = weigh(sentences);
  let best: (TextRange & { score: number }) | undefined;
  for (const [at, { start }] of sentences.entries()) {
    const seen = new Set<string>();
    for (const { end, roots } of sentences.slice(at)) {
      if (end - start > maxQuoteChars && seen.size > 0) break;
      for (const root of roots) seen.add(root);
      const score = sum([...seen], weights);
      const isShorter = best !== undefined && score === best.score && end - start < best.end - best.start;
      if (!best || score > best.score || (score > 0 && isShorter)) best = { start, end, score };
      if (end - start > maxQuoteChars) break;
    }
  }
  return best ? cutBetweenWords(text.slice(best.start, best.end), maxQuoteChars) : "";
}

function readSentences(text: string, wanted: ReadonlySet<string>): Sentence[] {
  return splitSentences(text).map(({ start, end }) => {
    const roots = [...rootsOf(text.slice(start, end))].filter((root) => wanted.has(root));
    return { start, end, roots };
  });
}

function weigh(sentences: readonly Sentence[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { roots } of sentences) for (const root of roots) counts.set(root, (counts.get(root) ?? 0) + 1);
  return new Map([...counts].map(([root, count]) => [root, 1 / count]));
}

function sum(roots: readonly string[], weights: ReadonlyMap<string, number>): number {
  return roots.reduce((total, root) => total + (weights.get(root) ?? 0), 0);
}

const words = new Intl.Segmenter("en", { granularity: "word" });

function cutBetweenWords(text: string, most: number): string {
  if (text.length <= most) return text;
  let end = 0;
  for (const { index, segment } of words.segment(text.slice(0, most + 1))) {
    if (index + segment.length <= most) end = index + segment.length;
  }
  return text.slice(0, end).trimEnd();
}

/** Cuts a text to a number of characters, behind a sentence where there is one. */
export function cutAtSentence(text: string, most: number): string {
  if (text.length <= most) return text;
  const fitting = splitSentences(text).findLast(({ end }) => end <= most);
  return fitting ? text.slice(0, fitting.end) : cutBetweenWords(text, most);
}
