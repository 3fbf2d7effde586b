import { GramLists } from "./gram-lists.ts";
import { inSlices, range } from "./in-slices.ts";
import { termFields, type TermTable } from "./term-table.ts";

/** Letters of a gram. Words of three letters have two: one with their beginning, one with their end. */
const gramLetters = 4;
const leastLetters = 3;
/** Share of words added since the lists were built from which building them anew takes less memory and time. */
const maxAddedShare = 0.1;

/**
 * Keys of the different 4-grams of a word between its bounds: `<wor`, `word`, `ord>`; of UTF-16 units, hashed to 32 bits, so
 * that one in millions stands for another gram, too.
 */
export function gramKeys(word: string): Uint32Array {
  if (word.length < leastLetters) return noKeys;
  let count = 0;
  const last = word.length + 2 - gramLetters;
  for (let at = 0; at <= last; at++) {
    let key = 0;
    for (let offset = at - 1; offset < at - 1 + gramLetters; offset++)
      key = Math.imul(key ^ unitAt(word, offset), 0x9e_37_79_b1);
    // 0 marks a free slot.
    key = (key ^ (key >>> 15)) >>> 0 || 1;
    let earlier = 0;
    while (earlier < count && keys[earlier] !== key) earlier++;
    if (earlier === count) keys[count++] = key;
  }
  return keys.subarray(0, count);
}

/** Result of `gramKeys`, until its next call. Loading a site would otherwise make an array for each of its words. */
const keys = new Uint32Array(128);
const noKeys = keys.subarray(0, 0);

/** UTF-16 unit, or a bound before the first and after the last one. */
function unitAt(word: string, at: number): number {
  return at < 0 ? 0x3c : at < word.length ? word.charCodeAt(at) : 0x3e;
}

/** Words of one gram that came after the lists were built, and their passages if no word of the gram is listed. */
interface Added {
  words: number[];
  passages: number;
}

/**
 * Words by their grams. The list of a gram is read in one piece: as a chain through memory, each of its words
 * took a miss of the processor's cache. Words added later stand beside the lists until these are built anew.
 */
export class GramIndex {
  #lists = new GramLists();
  readonly #added = new Map<number, Added>();
  /** Words in the lists, and words since. */
  #listedWords = 0;
  #addedWords = 0;

  /** Bytes held, with 100 for an entry of the map. */
  get bytes(): number {
    return this.#lists.bytes + this.#added.size * 100;
  }

  /** True if building the lists anew is worth its time. */
  get isScattered(): boolean {
    return this.#addedWords > maxAddedShare * this.#listedWords;
  }

  /** Builds the lists of all terms, and counts their passages. Until it is done, searches use the lists as they were. */
  async build(terms: TermTable): Promise<void> {
    const lists = new GramLists();
    await inSlices(range(terms.count), (term) => {
      for (const key of gramKeys(terms.text(term))) lists.measure(key);
    });
    lists.open();
    await inSlices(range(terms.count), (term) => {
      const passages = terms.get(term, termFields.passages);
      for (const key of gramKeys(terms.text(term))) lists.add(key, term, passages);
    });
    this.#lists = lists;
    this.#added.clear();
    [this.#listedWords, this.#addedWords] = [terms.count, 0];
  }

  add(word: string, term: number): void {
    this.#addedWords++;
    for (const key of gramKeys(word)) this.#addedTo(key).words.push(term);
  }

  /** Adds passages of a word to the counts of its grams. */
  count(word: string, passages: number): void {
    for (const key of gramKeys(word)) {
      if (!this.#lists.count(key, passages)) this.#addedTo(key).passages += passages;
    }
  }

  /** Passages that have a gram, counted by word: one with two of its words counts twice. */
  passages(key: number): number {
    return this.#lists.passages(key) + (this.#added.get(key)?.passages ?? 0);
  }

  /** Number of words that have a gram. */
  size(key: number): number {
    return this.#lists.size(key) + (this.#added.get(key)?.words.length ?? 0);
  }

  /** Copies the words that have a gram into a target that is long enough, in no order; returns their number. */
  read(key: number, target: Uint32Array): number {
    let length = this.#lists.read(key, target);
    for (const word of this.#added.get(key)?.words ?? []) target[length++] = word;
    return length;
  }

  #addedTo(key: number): Added {
    const known = this.#added.get(key);
    if (known) return known;
    const added = { words: [], passages: 0 };
    this.#added.set(key, added);
    return added;
  }
}
