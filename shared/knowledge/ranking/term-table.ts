/** Fields of a term's row, in one line of the processor's cache. Those after `size` belong to `Postings`. */
export const termFields = { bytesAt: 0, size: 1, head: 2, tail: 3, left: 4, last: 5, passages: 6 } as const;
/** A power of two: no row is in two lines. */
const rowLength = 8;
/**
 * A slot has four numbers: two that tell its term from others, its size as a negative number or, if it is longer than
 * `slotBytes`, the place of its text, and the term + 1, which is 0 where the slot is free.
 */
const slotShift = 2;
const slotLength = 1 << slotShift;
/** Size of terms that a slot holds whole: most of a language with Latin letters. They are found without their text. */
const slotBytes = 8;
/** Share of the slots that are taken at most. */
const maxFilled = 0.7;

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
  /** With linear probing. */
  #slots = new Int32Array(slotLength * 4096);

  /** Bytes held. */
  get bytes(): number {
    return this.#rows.byteLength + this.#text.byteLength + this.#slots.byteLength;
  }

  /** @returns the number of a term, or -1 */
  find(bytes: Uint8Array, start = 0, end = bytes.length): number {
    return this.#find(bytes, start, end, false);
  }

  /** @returns the number of a term, which is `count - 1` for a new one */
  findOrAdd(bytes: Uint8Array, start: number, end: number): number {
    return this.#find(bytes, start, end, true);
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

  /** One function for speed: a load calls it for each word of a site. */
  #find(bytes: Uint8Array, start: number, end: number, isAdded: boolean): number {
    const size = end - start;
    const isWhole = size <= slotBytes;
    const first = isWhole ? pack(bytes, start, Math.min(start + 4, end)) : hashBytes(bytes, start, end);
    const second = pack(bytes, isWhole ? start + 4 : end - 4, end);
    const slots = this.#slots;
    const mask = slots.length - slotLength;
    let slot = slotOf(first, second) & mask;
    for (let known = slots[slot + 3] ?? 0; known !== 0; known = slots[slot + 3] ?? 0) {
      if (slots[slot] === first && slots[slot + 1] === second) {
        const textAt = slots[slot + 2] ?? 0;
        if (isWhole ? textAt === -size : textAt > 0 && this.#equals(textAt, bytes, start, end)) return known - 1;
      }
      slot = (slot + slotLength) & mask;
    }
    if (!isAdded) return -1;
    const term = this.#append(bytes, start, end);
    slots[slot] = first;
    slots[slot + 1] = second;
    slots[slot + 2] = isWhole ? -size : this.get(term, termFields.bytesAt);
    slots[slot + 3] = term + 1;
    if (this.count * slotLength > slots.length * maxFilled) this.#rehash();
    return term;
  }

  #append(bytes: Uint8Array, start: number, end: number): number {
    this.#reserve(end - start + 1);
    const row = this.count * rowLength;
    // The size stands before the text: a term is compared without its row.
    this.#text[this.#textUsed++] = end - start;
    this.#rows[row + termFields.bytesAt] = this.#textUsed;
    this.#rows[row + termFields.size] = end - start;
    this.#text.set(bytes.subarray(start, end), this.#textUsed);
    this.#textUsed += end - start;
    return this.count++;
  }

  #equals(textAt: number, bytes: Uint8Array, start: number, end: number): boolean {
    const text = this.#text;
    if (text[textAt - 1] !== end - start) return false;
    let at = textAt;
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
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - slotLength;
    for (let from = 0; from < old.length; from += slotLength) {
      if (old[from + 3] === 0) continue;
      let slot = slotOf(old[from] ?? 0, old[from + 1] ?? 0) & mask;
      while (slots[slot + 3] !== 0) slot = (slot + slotLength) & mask;
      for (let at = 0; at < slotLength; at++) slots[slot + at] = old[from + at] ?? 0;
    }
    this.#slots = slots;
  }
}

/** Up to four bytes as a signed number, which V8 keeps unboxed. */
function pack(bytes: Uint8Array, start: number, end: number): number {
  let packed = 0;
  for (let at = start, shift = 0; at < end; at++, shift += 8) packed |= (bytes[at] ?? 0) << shift;
  return packed;
}

/** FNV-1a as a signed number. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x81_1c_9d_c5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01_00_01_93);
  return hash;
}

/** First slot of a term: its numbers mixed, so that the lower bits, which choose it, depend on all of them. */
function slotOf(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e_37_79_b1) ^ Math.imul(second, 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c_1b_3c_6d);
  return (hash ^ (hash >>> 13)) << slotShift;
}
