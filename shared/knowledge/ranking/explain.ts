import type { Postings } from "./postings.ts";
import type { QuestionTerm } from "./question-terms.ts";
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

/** Finds which words of passages matched a question, in the order of the places; heaviest terms first. */
export function explainMatches(
  places: readonly number[],
  question: readonly QuestionTerm[],
  { terms, postings }: { terms: TermTable; postings: Postings },
): MatchedTerm[][] {
  const matched = new Map(places.map((place) => [place, [] as MatchedTerm[]]));
  for (const { text, term, similar, weight, similarWeight } of question) {
    const others = similar.filter((one) => one.term !== term).map((one) => one.term);
    for (const word of [...(term < 0 ? [] : [term]), ...others]) {
      const length = postings.read(word);
      for (let at = 0; at < length; at++) {
        const found = matched.get(postings.places[at] ?? 0);
        if (found === undefined) continue;
        addWord(found, { term: text, weight: word === term ? weight : similarWeight }, terms.text(word));
      }
    }
  }
  return places.map((place) => matched.get(place) ?? []);
}

function addWord(found: MatchedTerm[], matched: Omit<MatchedTerm, "words">, word: string): void {
  const last = found.at(-1);
  if (last?.term === matched.term) last.words.push(word);
  else found.push({ ...matched, words: [word] });
}
