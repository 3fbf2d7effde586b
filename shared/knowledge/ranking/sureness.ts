import { type AnalyzedQuestion, weightOf } from "./question-terms.ts";

/**
 * Sureness from which the first passage is said to answer a question. Chosen so that 8 % of the English and German questions
 * of XQuAD reach it when their passage is missing.
 */
export const leastSureness = 1.15;

/**
 * Estimates that the first passage answers a question, without a model: its lead over the next one, in weights of a term that
 * only one passage has, for each root of a word. A question that the site does not answer matches several passages alike.
 * Lead alone lets long questions pass, and shares of the possible score let those of frequent words pass.
 *
 * @param scores of the results, best first, each text once
 */
export function measureSureness({ words }: AnalyzedQuestion, scores: readonly number[], passages: number): number {
  const [first = 0, second = 0] = scores;
  return words === 0 ? 0 : (first - second) / (Math.sqrt(words) * weightOf(1, passages));
}
