import fc from "fast-check";
import { expect, it } from "vitest";
import { pairBit } from "../analysis/pair-bits.ts";
import { analyzePassage, eachPassageTerm, readPassageHeader } from "../analysis/passage-terms.ts";
import { GramIndex } from "./gram-index.ts";
import { PassageTable } from "./passage-table.ts";
import { onePosting, Postings } from "./postings.ts";
import { type AnalyzedQuestion, analyzeQuestion, joinWeights } from "./question-terms.ts";
import { scorePassages } from "./score-passages.ts";
import { TermTable } from "./term-table.ts";

const sources = ["one", "two", "three"];

/** Passage as plain scoring reads it: the counts of its terms in a map. */
interface PlainPassage {
  id: number;
  source: string;
  length: number;
  pairs: Uint8Array;
  counts: Map<number, number>;
}

async function siteOf(texts: readonly string[]) {
  const [terms, grams, passages] = [new TermTable(), new GramIndex(), new PassageTable()];
  const postings = new Postings(terms);
  const plain: PlainPassage[] = [];
  for (const [at, text] of texts.entries()) {
    const stored = analyzePassage(text);
    const header = readPassageHeader(stored);
    const passage = { id: at + 1, source: sources[at % sources.length] ?? "" };
    const place = passages.add(passage, header);
    const counts = new Map<number, number>();
    eachPassageTerm(stored, (start, end, count) => {
      const term = terms.findOrAdd(stored, start, end);
      postings.add(term, onePosting(place, count), passages.capacity);
      counts.set(term, Math.min(count, 3));
    });
    plain.push({ ...passage, ...header, counts });
  }
  await grams.build(terms);
  return { terms, grams, passages, postings, plain };
}

/** BM25 as it is written in books, with similar words and pairs: every term of every passage. */
function plainScore({ terms, pairs }: AnalyzedQuestion, passage: PlainPassage, average: number): number {
  const earned = (count: number) => (count * 1.9) / (count + 0.9 * (1 - 0.6 + (0.6 * passage.length) / average));
  let score = 0;
  for (const { term, weight, similar, similarWeight } of terms) {
    score += weight * earned(passage.counts.get(term) ?? 0);
    const shares = similar.map((one) => one.share ** 1.5 * (passage.counts.get(one.term) ?? 0));
    const joined = shares.reduce((sum, share) => sum + share, 0) ** (1 / 1.5);
    if (joined > 0) score += similarWeight * earned(Math.min(joined, 3));
  }
  for (const { first, second, words } of pairs) {
    const both = [terms[first], terms[second]];
    const bit = pairBit(...words);
    const isPair = (((passage.pairs[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
    if (!isPair || both.some((term) => (passage.counts.get(term?.term ?? -1) ?? 0) === 0)) continue;
    score += 0.6 * joinWeights(both[0]?.weight ?? 0, both[1]?.weight ?? 0);
  }
  return score;
}

const stems = ["liefer", "versand", "porzellan", "kanne", "umtausch", "zahl", "teller", "glasur", "paket", "farbe"];
const ends = ["kosten", "ung", "zeit", "", "en", "schutz", "karte", "größe", "haus", "frist"];
/** Words of natural frequencies: the first one stands in most passages, the last ones in few. */
const words = stems.flatMap((stem) => ends.map((end) => `${stem}${end}`));
const word = fc.integer({ min: 0, max: 999 }).map((number) => words[Math.floor((number / 1000) ** 4 * 100)] ?? "");
const text = fc.array(word, { minLength: 1, maxLength: 20 }).map((list) => list.join(" "));

it.each([
  ["few passages", 60, 20],
  ["passages enough for frequent terms", 1_300, 4],
])("finds the best of %s as scoring each term of each passage does", { timeout: 60_000 }, async (_, size, numRuns) => {
  const texts = fc.array(text, { minLength: size, maxLength: size + 40, size: "max" });
  const questions = fc.array(text, { minLength: 10, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(texts, questions, fc.integer({ min: 1, max: 30 }), async (all, asked, limit) => {
      const site = await siteOf(all);
      for (const [number, question] of asked.entries()) {
        const allowed = number % 2 === 0 ? sources : sources.slice(1);
        const analyzed = analyzeQuestion(question, { ...site, passages: site.passages.alive });
        const scored = site.plain
          .filter(({ source }) => allowed.includes(source))
          .map((passage) => ({ id: passage.id, score: plainScore(analyzed, passage, site.passages.averageLength) }))
          .filter(({ score }) => score > 0)
          .toSorted((a, b) => b.score - a.score || a.id - b.id);
        const found = scorePassages(analyzed, site, { limit, allowed: site.passages.allowed(allowed) });
        expect(found.map(({ id }) => id)).toEqual(scored.slice(0, limit).map(({ id }) => id));
        for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(scored[at]?.score ?? 0, 9);
      }
    }),
    { numRuns, endOnFailure: true },
  );
});
