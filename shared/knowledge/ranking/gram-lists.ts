/** Share of the slots that are taken at most. */
const maxFilled = 0.7;

/**
 * Lists of words by gram, one after the other in one array, in the order of the grams' slots. Made in three steps: `measure`
 * for all words, `open`, and `add` for all words again.
 */
export class GramLists {
  /** Key by slot, with linear probing; 0 is free. */
  #keys = new Uint32Array(1024);
  /** End of the list in `#words` by slot. The list before it ends where it begins. */
  #ends = new Uint32Array(1024);
  /** Sum of the passages of the words by slot. */
  #passages = new Uint32Array(1024);
  #words = new Uint32Array(0);
  #count = 0;

  /** Bytes held. */
  get bytes(): number {
    return this.#keys.byteLength * 3 + this.#words.byteLength;
  }

  /** Makes room for a word in the list of a gram. */
  measure(key: number): void {
    const slot = this.#slotOf(key);
    this.#ends[slot] = (this.#ends[slot] ?? 0) + 1;
    if (this.#keys[slot] === key) return;
    this.#keys[slot] = key;
    if (++this.#count > this.#keys.length * maxFilled) this.#grow();
  }

  /** Turns the sizes of the lists into places. */
  open(): void {
    let used = 0;
    for (const [slot, size] of this.#ends.entries()) {
      this.#ends[slot] = used;
      used += size;
    }
    this.#words = new Uint32Array(used);
  }

  /** Adds a word with its passages to the list of a gram. */
  add(key: number, word: number, passages: number): void {
    const slot = this.#slotOf(key);
    const end = this.#ends[slot] ?? 0;
    this.#words[end] = word;
    this.#ends[slot] = end + 1;
    this.#passages[slot] = (this.#passages[slot] ?? 0) + passages;
  }

  /** Adds passages of a listed word. @returns false if no word with the gram is listed */
  count(key: number, passages: number): boolean {
    const slot = this.#slotOf(key);
    if (this.#keys[slot] === 0) return false;
    this.#passages[slot] = (this.#passages[slot] ?? 0) + passages;
    return true;
  }

  passages(key: number): number {
    return this.#passages[this.#slotOf(key)] ?? 0;
  }

  size(key: number): number {
    const slot = this.#slotOf(key);
    return (this.#ends[slot] ?? 0) - this.#begin(slot);
  }

  /** Copies a list into a target that is long enough; returns its size. */
  read(key: number, target: Uint32Array): number {
    const slot = this.#slotOf(key);
    const begin = this.#begin(slot);
    const end = this.#ends[slot] ?? 0;
    target.set(this.#words.subarray(begin, end));
    return end - begin;
  }

  #begin(slot: number): number {
    return slot === 0 ? 0 : (this.#ends[slot - 1] ?? 0);
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = key & mask;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, sizes] = [this.#keys, this.#ends];
    this.#keys = new Uint32Array(keys.length * 2);
    this.#ends = new Uint32Array(keys.length * 2);
    this.#passages = new Uint32Array(keys.length * 2);
    for (let old = 0; old < keys.length; old++) {
      const key = keys[old] ?? 0;
      if (key === 0) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#ends[slot] = sizes[old] ?? 0;
    }
  }
}
