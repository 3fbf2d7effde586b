import { eachPassageTerm } from "../analysis/passage-terms.ts";
import { inSlices } from "./in-slices.ts";
import { type PostingRun, packPosting } from "./postings.ts";
import type { TermTable } from "./term-table.ts";

/** Postings that are worth sorting: of 10,000 passages, in 15 MB while a site is loaded. */
const wantedPostings = 1_000_000;
/** Postings, or terms without any, that are dealt with between two looks at the clock. */
const stepPostings = 4096;

/** Size of a full array beside the one that takes its place. */
const growth = 1.5;

/** Part of an array. */
interface Step {
  begin: number;
  end: number;
}

/**
 * Postings of many passages, sorted by term. Each list is then continued once: going from list to list for each word of each
 * passage took half of a load, as no cache of the processor holds the ends of all lists.
 */
export class PostingBatch {
  readonly #table: TermTable;
  #terms = new Uint32Array(1024);
  #packed = new Uint32Array(1024);
  #sorted = new Uint32Array(0);
  #used = 0;

  constructor(table: TermTable) {
    this.#table = table;
  }

  /** True if it is time to `pour`. */
  get isFull(): boolean {
    return this.#used >= wantedPostings;
  }

  /** Adds the terms of a passage, new ones to the table, too. Places must ascend. */
  add(passage: Uint8Array, place: number): void {
    this.#reserve(passage.length);
    eachPassageTerm(passage, (start, end, count) => {
      this.#terms[this.#used] = this.#table.findOrAdd(passage, start, end);
      this.#packed[this.#used++] = packPosting(place, count);
    });
  }

  /** Gives all postings out, term by term, and is empty then. */
  async pour(take: (term: number, run: PostingRun) => void): Promise<void> {
    const ends = await this.#begins();
    await this.#sort(ends);
    const packed = this.#sorted;
    let term = 0;
    let begin = 0;
    await inSlices(stepsOf(this.#used + ends.length), ({ end: until }) => {
      for (; term < ends.length && begin + term < until; term++) {
        const end = ends[term] ?? 0;
        if (begin < end) take(term, { packed, begin, end });
        begin = end;
      }
    });
    this.#used = 0;
  }

  /** Makes room for a passage: a term takes a byte or more. */
  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#terms.length) return;
    const [terms, packed] = [this.#terms, this.#packed];
    this.#terms = new Uint32Array(Math.ceil(needed * growth));
    this.#packed = new Uint32Array(Math.ceil(needed * growth));
    this.#terms.set(terms);
    this.#packed.set(packed);
  }

  /** Begin of each term's postings in their order by term. */
  async #begins(): Promise<Uint32Array> {
    const begins = new Uint32Array(this.#table.count + 1);
    await inSlices(stepsOf(this.#used), ({ begin, end }) => {
      for (let at = begin; at < end; at++) {
        const next = (this.#terms[at] ?? 0) + 1;
        begins[next] = (begins[next] ?? 0) + 1;
      }
    });
    for (let term = 1; term < begins.length; term++) begins[term] = (begins[term] ?? 0) + (begins[term - 1] ?? 0);
    return begins;
  }

  /** Sorts by term, and turns the begin of each term's postings into their end. */
  async #sort(begins: Uint32Array): Promise<void> {
    // Kept between batches: the pages of new memory cost more than sorting.
    if (this.#sorted.length < this.#used) this.#sorted = new Uint32Array(this.#terms.length);
    const sorted = this.#sorted;
    await inSlices(stepsOf(this.#used), ({ begin, end }) => {
      for (let at = begin; at < end; at++) {
        const term = this.#terms[at] ?? 0;
        const place = begins[term] ?? 0;
        sorted[place] = this.#packed[at] ?? 0;
        begins[term] = place + 1;
      }
    });
  }
}

function* stepsOf(length: number): Generator<Step> {
  for (let begin = 0; begin < length; begin += stepPostings)
    yield { begin, end: Math.min(begin + stepPostings, length) };
}
