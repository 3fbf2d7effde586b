/** Fields of a term's row, in one line of the processor's cache. Those after `size` belong to `Postings`. */
export const termFields = { hash: 0, bytesAt: 1, size: 2, head: 3, tail: 4, left: 5, last: 6, passages: 7 } as const;
const rowLength = 8;

/**
 * Terms of a site: bytes and numbers in typed arrays. A `Map` of strings would make a string of each
 * term of each passage that is loaded.
 */
export class TermTable {
  /** Number of terms. */
  count = 0;
  #rows = new Int32Array(rowLength * 1024);
  #text = new Uint8Array(16 * 1024);
  #textUsed = 0;
  /** Term number + 1 by hash, with linear probing. */
  #slots = new Int32Array(4096);

  /** Bytes held. */
  get bytes(): number {
    return this.#rows.byteLength + this.#text.byteLength + this.#slots.byteLength;
  }

  /** @returns the number of a term, or -1 */
  find(bytes: Uint8Array, start = 0, end = bytes.length): number {
    return (this.#slots[this.#slotOf(bytes, start, end, hashBytes(bytes, start, end))] ?? 0) - 1;
  }

  /** @returns the number of a term, which is `count - 1` for a new one */
  findOrAdd(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    const slot = this.#slotOf(bytes, start, end, hash);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return known - 1;
    this.#reserve(end - start);
    const row = this.count * rowLength;
    this.#rows[row + termFields.hash] = hash;
    this.#rows[row + termFields.bytesAt] = this.#textUsed;
    this.#rows[row + termFields.size] = end - start;
    this.#text.set(bytes.subarray(start, end), this.#textUsed);
    this.#textUsed += end - start;
    this.#slots[slot] = ++this.count;
    if (this.count * 2 > this.#slots.length) this.#rehash();
    return this.count - 1;
  }

  /** @param field one of `termFields` */
  get(term: number, field: number): number {
    return this.#rows[term * rowLength + field] ?? 0;
  }

  set(term: number, field: number, value: number): void {
    this.#rows[term * rowLength + field] = value;
  }

  text(term: number): string {
    const start = this.get(term, termFields.bytesAt);
    return Buffer.from(this.#text.buffer, start, this.get(term, termFields.size)).toString("utf8");
  }

  #slotOf(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let known = this.#slots[slot] ?? 0; known !== 0; known = this.#slots[slot] ?? 0) {
      if (this.#rows[(known - 1) * rowLength] === hash && this.#equals(known - 1, bytes, start, end)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #equals(term: number, bytes: Uint8Array, start: number, end: number): boolean {
    const row = term * rowLength;
    if (this.#rows[row + termFields.size] !== end - start) return false;
    const text = this.#text;
    let at = this.#rows[row + termFields.bytesAt] ?? 0;
    for (let offset = start; offset < end; offset++) if (text[at++] !== bytes[offset]) return false;
    return true;
  }

  #reserve(size: number): void {
    if ((this.count + 1) * rowLength > this.#rows.length) {
      const grown = new Int32Array(Math.ceil(this.count * 1.4) * rowLength);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    if (this.#textUsed + size > this.#text.length) {
      const grown = new Uint8Array(Math.ceil(this.#text.length * 1.4) + size);
      grown.set(this.#text);
      this.#text = grown;
    }
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let term = 0; term < this.count; term++) {
      let slot = (this.#rows[term * rowLength] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = term + 1;
    }
    this.#slots = slots;
  }
}

/** FNV-1a as a signed number, which V8 keeps unboxed, with its upper bits mixed into the lower ones, by which slots are chosen. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x81_1c_9d_c5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01_00_01_93);
  return hash ^ (hash >>> 15);
}
