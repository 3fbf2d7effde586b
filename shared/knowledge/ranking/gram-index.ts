/** Letters of a gram. Words of three letters have two: one with their beginning, one with their end. */
const gramLetters = 4;
const leastLetters = 3;

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
    if (keys.subarray(0, count).indexOf(key) === -1) keys[count++] = key;
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

/** Words by their grams: linked lists in typed arrays, which grow without moving what they hold. */
export class GramIndex {
  /** Key by slot, with linear probing; 0 is free. */
  #keys = new Uint32Array(4096);
  /** Newest entry + 1 by slot, number of words, and sum of their passages. */
  #heads = new Uint32Array(4096);
  #sizes = new Uint32Array(4096);
  #passages = new Uint32Array(4096);
  #count = 0;
  /** Word and earlier entry + 1 by entry. */
  #entries = new Uint32Array(8192);
  #used = 0;

  /** Bytes held. */
  get bytes(): number {
    return this.#keys.byteLength * 4 + this.#entries.byteLength;
  }

  add(word: string, term: number): void {
    for (const key of gramKeys(word)) {
      const slot = this.#slotOf(key);
      if (this.#keys[slot] === 0) {
        this.#keys[slot] = key;
        this.#count++;
      }
      if ((this.#used + 1) * 2 > this.#entries.length) {
        const grown = new Uint32Array(Math.ceil(this.#entries.length * 0.7) * 2);
        grown.set(this.#entries);
        this.#entries = grown;
      }
      this.#entries[this.#used * 2] = term;
      this.#entries[this.#used * 2 + 1] = this.#heads[slot] ?? 0;
      this.#heads[slot] = ++this.#used;
      this.#sizes[slot] = (this.#sizes[slot] ?? 0) + 1;
      if (this.#count * 2 > this.#keys.length) this.#rehash();
    }
  }

  /** Adds passages of a word to the counts of its grams. */
  count(word: string, passages: number): void {
    for (const key of gramKeys(word)) {
      const slot = this.#slotOf(key);
      this.#passages[slot] = (this.#passages[slot] ?? 0) + passages;
    }
  }

  clearCounts(): void {
    this.#passages.fill(0);
  }

  /** Passages that have a gram, counted by word: one with two of its words counts twice. */
  passages(key: number): number {
    return this.#passages[this.#slotOf(key)] ?? 0;
  }

  /** Number of words that have a gram. */
  size(key: number): number {
    return this.#sizes[this.#slotOf(key)] ?? 0;
  }

  /** Copies the words that have a gram into a target that is long enough, newest first; returns their number. */
  read(key: number, target: Uint32Array): number {
    let entry = this.#heads[this.#slotOf(key)] ?? 0;
    let length = 0;
    while (entry > 0) {
      target[length++] = this.#entries[entry * 2 - 2] ?? 0;
      entry = this.#entries[entry * 2 - 1] ?? 0;
    }
    return length;
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = key & mask;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #rehash(): void {
    const [oldKeys, heads, sizes, passages] = [this.#keys, this.#heads, this.#sizes, this.#passages];
    this.#keys = new Uint32Array(oldKeys.length * 2);
    this.#heads = new Uint32Array(oldKeys.length * 2);
    this.#sizes = new Uint32Array(oldKeys.length * 2);
    this.#passages = new Uint32Array(oldKeys.length * 2);
    for (const [old, key] of oldKeys.entries()) {
      if (key === 0) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#heads[slot] = heads[old] ?? 0;
      this.#sizes[slot] = sizes[old] ?? 0;
      this.#passages[slot] = passages[old] ?? 0;
    }
  }
}
