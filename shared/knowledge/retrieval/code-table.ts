import { inSlices } from "../ranking/in-slices.ts";
import { SourceNumbers } from "../ranking/source-numbers.ts";

/** Codes of a page. A table grows by whole pages: no code is ever moved, and a search may pause between two of them. */
const pageCodes = 512;

export interface PassageCode {
  id: number;
  source: string;
  /** Signs of a vector's numbers, eight in a byte. */
  code: Uint8Array;
}

interface Page {
  codes: Uint32Array<ArrayBuffer>;
  /** The same bytes. */
  bytes: Uint8Array<ArrayBuffer>;
  ids: Float64Array<ArrayBuffer>;
  /** Number of the source; 0 marks a removed passage. */
  sources: Uint32Array<ArrayBuffer>;
  used: number;
}

/**
 * Codes of a site's passages in memory. A search compares all of them: 100,000 of 1,024 bits take some 10 ms, in slices that
 * let the event loop turn.
 */
export class CodeTable {
  #pages: Page[] = [];
  #sources = new SourceNumbers();
  /** Bytes of a code, as of the first one. */
  #length = 0;
  #places = 0;
  #removed = 0;

  /** Bytes held. */
  get bytes(): number {
    return this.#pages.length * pageCodes * (wordsOf(this.#length) * 4 + 12);
  }

  /** Share of the places that removed passages hold. */
  get removedShare(): number {
    return this.#places === 0 ? 0 : this.#removed / this.#places;
  }

  /** Adds a passage that is not in the table. A code of another length than the first one cannot be compared and is left out. */
  add({ id, source, code }: PassageCode): void {
    if (this.#places === 0) this.#length = code.length;
    if (code.length !== this.#length) return;
    let page = this.#pages.at(-1);
    if (page === undefined || page.used === pageCodes) this.#pages.push((page = openPage(wordsOf(this.#length))));
    const place = page.used++;
    page.bytes.set(code, place * wordsOf(this.#length) * 4);
    page.ids[place] = id;
    page.sources[place] = this.#sources.of(source);
    this.#places++;
  }

  /** Removes passages; one that is not there is none. */
  async remove(ids: ReadonlySet<number>): Promise<void> {
    await inSlices(ids.size === 0 ? [] : this.#pages, ({ ids: known, sources, used }) => {
      for (let place = 0; place < used; place++) {
        if (sources[place] === 0 || !ids.has(known[place] ?? 0)) continue;
        sources[place] = 0;
        this.#removed++;
      }
    });
  }

  /**
   * Finds the passages whose codes differ least from a question's; equal ones by id.
   * @returns their ids, the nearest first; none if the question's code is of another length
   */
  async nearest(
    code: Uint8Array,
    { sources, limit }: { sources?: readonly string[] | undefined; limit: number },
  ): Promise<number[]> {
    if (code.length !== this.#length) return [];
    const words = new Uint32Array(wordsOf(code.length));
    new Uint8Array(words.buffer).set(code);
    const allowed = this.#sources.allowed(sources);
    const nearest = new Nearest(limit);
    await inSlices(this.#pages, (page) => compare(page, { words, allowed, nearest }));
    return nearest.ids();
  }
}

function openPage(words: number): Page {
  const codes = new Uint32Array(pageCodes * words);
  const bytes = new Uint8Array(codes.buffer);
  return { codes, bytes, ids: new Float64Array(pageCodes), sources: new Uint32Array(pageCodes), used: 0 };
}

function wordsOf(bytes: number): number {
  return Math.ceil(bytes / 4);
}

function compare(
  { codes, ids, sources, used }: Page,
  { words, allowed, nearest }: { words: Uint32Array; allowed: Uint8Array; nearest: Nearest },
): void {
  const length = words.length;
  for (let place = 0; place < used; place++) {
    if (allowed[sources[place] ?? 0] !== 1) continue;
    let distance = 0;
    const begin = place * length;
    for (let word = 0; word < length; word++) distance += bitsOf((codes[begin + word] ?? 0) ^ (words[word] ?? 0));
    if (distance <= nearest.farthest) nearest.add(ids[place] ?? 0, distance);
  }
}

/** Number of ones in 32 bits: sums of pairs, of fours, of bytes. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55_55_55_55);
  const fours = (pairs & 0x33_33_33_33) + ((pairs >>> 2) & 0x33_33_33_33);
  return Math.imul((fours + (fours >>> 4)) & 0x0f_0f_0f_0f, 0x01_01_01_01) >>> 24;
}

/** The nearest passages so far, and some that are not. */
class Nearest {
  /** Distance from which on a passage cannot be among them. */
  farthest = Infinity;
  #limit: number;
  #found: { id: number; distance: number }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(id: number, distance: number): void {
    this.#found.push({ id, distance });
    // Sorted now and then, a found passage costs a few comparisons.
    if (this.#found.length === this.#limit * 4) this.#drop();
  }

  ids(): number[] {
    this.#drop();
    return this.#found.map(({ id }) => id);
  }

  #drop(): void {
    const sorted = this.#found.toSorted((one, other) => one.distance - other.distance || one.id - other.id);
    this.#found = sorted.slice(0, this.#limit);
    if (this.#found.length === this.#limit) this.farthest = this.#found.at(-1)?.distance ?? Infinity;
  }
}
