import type { Postings } from "./postings.ts";
import type { QuestionTerm } from "./question-terms.ts";
import type { ScoredPassage } from "./score-passages.ts";
import type { TermTable } from "./term-table.ts";

/** Term of a question that a passage has, as it is or by similar words. */
export interface MatchedTerm {
  /** Term of the question, folded. */
  term: string;
  /** Words of the passage, the most similar first. */
  words: string[];
  /** Weight of the term in this site: the rarer, the heavier. Less where only similar words match. */
  weight: number;
}

/** Finds which words of passages matched a question, in the order of the passages; heaviest terms first. */
export function explainMatches(
  passages: readonly ScoredPassage[],
  question: readonly QuestionTerm[],
  { terms, postings }: { terms: TermTable; postings: Postings },
): MatchedTerm[][] {
  const places = passages.map(({ place }) => place);
  const matched = new Map(places.map((place) => [place, [] as MatchedTerm[]]));
  const add = (place: number, term: Omit<MatchedTerm, "words">, word: number) => {
    const found = matched.get(place);
    if (found) addWord(found, term, terms.text(word));
  };
  for (const [number, { text, term, similar, weight, similarWeight }] of question.entries()) {
    for (const { place, exact } of passages) {
      if ((exact & (1 << number)) !== 0) add(place, { term: text, weight }, term);
    }
    for (const { term: word } of similar) {
      if (word === term) continue;
      for (const place of postings.having(word, places)) add(place, { term: text, weight: similarWeight }, word);
    }
  }
  return places.map((place) => matched.get(place) ?? []);
}

function addWord(found: MatchedTerm[], matched: Omit<MatchedTerm, "words">, word: string): void {
  const last = found.at(-1);
  if (last?.term === matched.term) last.words.push(word);
  else found.push({ ...matched, words: [word] });
}
