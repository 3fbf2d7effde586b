import { eachPassageTerm, readPassageHeader } from "../analysis/passage-terms.ts";
import { explainMatches, type MatchedTerm } from "./explain.ts";
import { GramIndex } from "./gram-index.ts";
import { inSlices, range } from "./in-slices.ts";
import { PassageTable } from "./passage-table.ts";
import { PostingBatch } from "./posting-batch.ts";
import { onePosting, Postings } from "./postings.ts";
import { type AnalyzedQuestion, analyzeQuestion } from "./question-terms.ts";
import { type ScoredPassage, scorePassages } from "./score-passages.ts";
import { dropCopies, dropDuplicates } from "./select-passages.ts";
import { measureSureness } from "./sureness.ts";
import { TermTable } from "./term-table.ts";

/** Passage as it is stored. */
export interface IndexedPassage {
  /** Number of its row. Equal scores are ordered by it. */
  id: number;
  source: string;
  /** Result of `analyzePassage`. */
  terms: Uint8Array;
}

export interface SearchOptions {
  /** Maximum number of results. */
  limit: number;
  /** Sources to answer from; all without it. */
  sources?: readonly string[];
  /** Adds to each result which words matched; takes as long as the search. */
  explain?: boolean;
}

export interface PassageMatch {
  id: number;
  score: number;
  why?: MatchedTerm[];
}

export interface SearchOutcome {
  /** Best first; each text once. */
  matches: PassageMatch[];
  /** Estimate that the first one answers the question; from `leastSureness` on it is sure enough. */
  sureness: number;
}

/** Passages that are scored beside the wanted ones: some are duplicates of a better one. */
const spares = 16;

/**
 * Full-text index of one site, in memory: PostgreSQL owns the rows. Adding and searching are synchronous and short; `load` and `settle` yield to the event loop. Results depend on the
 * passages alone, in whatever order they came; removed ones count in the frequency of terms until `settle`.
 */
export class SiteIndex {
  #terms = new TermTable();
  #grams = new GramIndex();
  #passages = new PassageTable();
  #postings = new Postings(this.#terms);

  /** Number of passages that can be found. */
  get size(): number {
    return this.#passages.alive;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#terms.bytes + this.#grams.bytes + this.#passages.bytes + this.#postings.bytes;
  }

  /** Share of the places that removed passages hold. An index with more than half is loaded anew. */
  get removedShare(): number {
    return this.#passages.places === 0 ? 0 : 1 - this.#passages.alive / this.#passages.places;
  }

  /** Adds a passage, or replaces the one of the same id. */
  add(passage: IndexedPassage): void {
    const place = this.#passages.add(passage, readPassageHeader(passage.terms));
    eachPassageTerm(passage.terms, (start, end, count) => {
      const known = this.#terms.count;
      const term = this.#terms.findOrAdd(passage.terms, start, end);
      const word = this.#terms.text(term);
      if (term === known) this.#grams.add(word, term);
      this.#grams.count(word, 1);
      this.#postings.add(term, onePosting(place, count), this.#passages.capacity);
    });
  }

  /** @returns false if it was not there. It cannot be found from now on. */
  remove(id: number): boolean {
    return this.#passages.remove(id);
  }

  /** Adds many passages, page by page. None can be found before the end. */
  async load(pages: Iterable<readonly IndexedPassage[]> | AsyncIterable<readonly IndexedPassage[]>): Promise<void> {
    const batch = new PostingBatch(this.#terms);
    const pour = () => batch.pour((term, run) => this.#postings.add(term, run, this.#passages.capacity));
    for await (const page of pages) {
      await inSlices(page, (passage) => {
        batch.add(passage.terms, this.#passages.add(passage, readPassageHeader(passage.terms)));
      });
      if (batch.isFull) await pour();
    }
    await pour();
    await this.#grams.build(this.#terms);
  }

  /** Takes removed passages out of all lists, so that scores are those of an index that never had them. */
  async settle(): Promise<void> {
    if (this.#passages.takeRemoved() === 0) return;
    const isRemoved = (place: number) => this.#passages.sources[place] === 0;
    await inSlices(range(this.#terms.count), (term) => this.#postings.purge(term, isRemoved));
    await this.#grams.build(this.#terms);
  }

  /** Makes searches fast again once many new words were added; no passage may be added meanwhile. */
  async tidy(): Promise<void> {
    if (this.#grams.isScattered) await this.#grams.build(this.#terms);
  }

  search(question: string, { limit, sources, explain = false }: SearchOptions): SearchOutcome {
    const lexicon = { terms: this.#terms, grams: this.#grams, passages: this.#passages.alive };
    const analyzed = analyzeQuestion(question, lexicon);
    const site = { passages: this.#passages, postings: this.#postings };
    const allowed = this.#passages.allowed(sources);
    const scored = scorePassages(analyzed, site, { limit: limit + spares, allowed });
    // The lead over the second one is measured however few are wanted.
    const distinct = dropDuplicates(scored, this.#passages, Math.max(limit, 2));
    const scores = distinct.map(({ score }) => score);
    const best = distinct.slice(0, limit);
    const why = explain ? this.#explain(best, analyzed) : [];
    const matches = best.map(({ id, score }, at) => ({ id, score, ...(explain && { why: why[at] ?? [] }) }));
    return { matches, sureness: measureSureness(analyzed, scores, this.#passages.alive) };
  }

  /** Drops ids of passages that are nearly the same as one before, but for those in `kept`. */
  dropCopies(ids: readonly number[], kept: ReadonlySet<number>): number[] {
    return dropCopies(ids, kept, this.#passages);
  }

  #explain(best: readonly ScoredPassage[], { terms }: AnalyzedQuestion): MatchedTerm[][] {
    return explainMatches(best, terms, { terms: this.#terms, postings: this.#postings });
  }
}
