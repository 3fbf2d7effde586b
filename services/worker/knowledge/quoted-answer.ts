import type { FoundPassage } from "../../../shared/knowledge/retrieval/knowledge-search.ts";
import { sayWords } from "../providers/preset.ts";
import type { Provider, ProviderEvent } from "../providers/provider.ts";
import { atomOf, withoutAtoms } from "./atoms.ts";
import { type RatedSentence, rateSentences } from "./pick-sentences.ts";
import { rootsOf } from "./roots.ts";

/** Maximum characters of a reply that is made of passages alone: two sentences at most. */
const maxChars = 320;
/** Passages that it is made from. */
const maxPassages = 2;
/** Share of the best sentence's score that a second one needs. */
const leastShare = 0.75;
/** Letters from which a word tells as much as a longer one. On a small site, short words are as rare as telling ones. */
const tellingLetters = 8;
/** Steps in which scores are compared. */
const grades = 5;
/** Maximum words of a heading. */
const headingWords = 5;
/** Name of the model in records of such replies. */
const model = "passages";

const wholeSentence = /[.!?…:。！？؟।۔][)"'”»」』]*$/u;
const withoutSpaces = /[。！？」』]$/u;

interface Candidate extends RatedSentence {
  passage: number;
  text: string;
}

/**
 * Makes a reply of a few whole sentences of the best passages, with citations as atoms.
 * @returns `undefined` if no sentence is short enough
 */
export function composeAnswer(passages: readonly FoundPassage[]): string | undefined {
  // Words of the owner are the answer, whatever pages say beside them.
  const all = passages.slice(0, passages[0]?.kind === "question" ? 1 : maxPassages).flatMap(candidatesOf);
  const [best, ...rest] = all.filter(({ text }) => text.length <= maxChars).toSorted((a, b) => b.score - a.score);
  if (!best) return undefined;
  // Among sentences that rate about alike, the nearest makes a text that reads on.
  const grade = ({ score }: Candidate) => Math.round((score / best.score) * grades);
  const distance = ({ passage, start }: Candidate) =>
    passage === best.passage ? Math.abs(start - best.start) : Infinity;
  const others = rest
    .filter(({ score }) => score > 0 && score >= leastShare * best.score)
    .toSorted((a, b) => grade(b) - grade(a) || distance(a) - distance(b));
  const second = others.find(({ text }) => text !== best.text && best.text.length + 2 + text.length <= maxChars);
  const chosen = second ? [best, second] : [best];
  return chosen
    .toSorted((a, b) => a.passage - b.passage || a.start - b.start)
    .map(({ text, passage }, at) => `${text}${atomOf(passage + 1)}${at < chosen.length - 1 ? gapAfter(text) : ""}`)
    .join("");
}

/** A line of a list or a row of a table is no sentence: what follows it begins a line of its own. */
function gapAfter(text: string): string {
  if (withoutSpaces.test(text)) return "";
  return wholeSentence.test(text) ? " " : "\n\n";
}

/** The sentences of an answer that the owner wrote count in their order: they need not repeat the question. */
function candidatesOf(passage: FoundPassage, at: number): Candidate[] {
  const text = withoutAtoms(passage.text);
  const wanted = passage.why.map(({ term, words, weight }) => ({
    roots: [...rootsOf(words.join(" "))],
    weight: weight * Math.min(term.length, tellingLetters),
  }));
  const isAnswer = passage.kind === "question";
  return rateSentences(text, wanted).map(({ start, end, score }, place) => {
    const sentence = text.slice(start, end).replace(/\s+/gu, " ");
    const rated = isAnswer ? 1 / (10 + place) : score * (isHeading(sentence) ? 0.5 : 1);
    return { start, end, passage: at, text: sentence, score: rated / (at + 1) };
  });
}

/** True for a line that only names what follows, unlike a line of a list or a row of a table. */
function isHeading(line: string): boolean {
  return !wholeSentence.test(line) && line.split(" ").length <= headingWords;
}

/** Speaks a composed answer as a provider would. Its text is of pages, so it is filtered like a model's. */
export function createQuotingProvider(answer: string, { wordMs }: { wordMs?: number } = {}): Provider {
  async function* stream(_: unknown, signal: AbortSignal): AsyncGenerator<ProviderEvent, void, undefined> {
    yield* sayWords(answer, { wordMs, signal });
    yield { type: "finish", finishReason: "stop", model, usage: { inputTokens: 0, outputTokens: 0 } };
  }
  return { name: "preset", quotesPages: true, stream };
}
