import { PostingPool } from "./posting-pool.ts";
import { termFields, type TermTable } from "./term-table.ts";

/** Maximum count of a term that is told apart: two bits in a bitmap, with 0 for none. */
export const maxPostingCount = 3;

/** Place of the maximum count in `termFields.left`, above the bytes left in a list's slice and the slice's number. */
const maxCountShift = 24;

/** Terms of more passages, and of more than one in `frequentShare`, are too common to find similar words for. */
const frequentPassages = 1024;
const frequentShare = 16;

/** A term in so many of the passages says little: it gets no similar words, and is one of none. */
export function isFrequent(passages: number, all: number): boolean {
  return passages > frequentPassages && passages * frequentShare > all;
}

/**
 * Passages of each term: ascending places as differences in 7-bit groups, with the count if it is above one; about 1.5 bytes
 * each. Frequent terms have a bitmap of two bits for each passage instead: smaller than their list, and asked at a place.
 */
export class Postings {
  #terms: TermTable;
  #pool = new PostingPool();
  #bitmaps = new Map<number, Uint8Array<ArrayBuffer>>();
  #encoded = new Uint8Array(4096);
  /** Result of `read`. */
  places = new Uint32Array(4096);
  counts = new Uint8Array(4096);

  constructor(terms: TermTable) {
    this.#terms = terms;
  }

  /** Bytes held. */
  get bytes(): number {
    const bitmaps = [...this.#bitmaps.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    return this.#pool.bytes + bitmaps + this.#encoded.byteLength + this.places.byteLength + this.counts.byteLength;
  }

  /** Adds a place above all others of the term. `capacity` is that of the passages' table. */
  add(term: number, posting: { place: number; count: number; capacity: number }): void {
    const terms = this.#terms;
    const passages = terms.get(term, termFields.passages) + 1;
    terms.set(term, termFields.passages, passages);
    this.#raiseMaxCount(term, posting.count);
    const bitmap = this.#bitmaps.get(term);
    if (bitmap) this.#bitmaps.set(term, setBits(bitmap, posting));
    else this.#append(term, posting);
    if (bitmap === undefined && isFrequent(passages, posting.place)) this.#toBitmap(term, posting.capacity);
  }

  /** Count of a term in a passage at most; removed ones may be among them. */
  maxCount(term: number): number {
    return this.#terms.get(term, termFields.left) >>> maxCountShift;
  }

  /** Bitmap of a frequent term, for `countAt`. */
  bitmap(term: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#bitmaps.get(term);
  }

  /** Reads all passages of a term into `places` and `counts`; returns their number. Removed ones are among them. */
  read(term: number): number {
    const bitmap = this.#bitmaps.get(term);
    return bitmap ? this.#readBitmap(bitmap) : this.#readList(term);
  }

  /** Finds those of a few places that have a term. */
  having(term: number, few: readonly number[]): number[] {
    const bitmap = this.#bitmaps.get(term);
    if (bitmap) return few.filter((place) => countAt(bitmap, place) > 0);
    const length = this.#readList(term);
    return few.filter((place) => includes(this.places, length, place));
  }

  /** Takes removed passages out of a term's list, so that its number of passages is exact again. */
  purge(term: number, isRemoved: (place: number) => boolean): void {
    const length = this.read(term);
    const kept: { place: number; count: number }[] = [];
    for (let at = 0; at < length; at++) {
      const place = this.places[at] ?? 0;
      if (!isRemoved(place)) kept.push({ place, count: this.counts[at] ?? 0 });
    }
    if (kept.length === length) return;
    const bitmap = this.#bitmaps.get(term);
    this.#terms.set(term, termFields.passages, kept.length);
    if (bitmap) {
      bitmap.fill(0);
      for (const { place, count } of kept) setBits(bitmap, { place, count, capacity: 0 });
      return;
    }
    this.#pool.release({
      head: this.#terms.get(term, termFields.head),
      tail: this.#terms.get(term, termFields.tail) - 1,
    });
    this.#terms.set(term, termFields.tail, 0);
    for (const posting of kept) this.#append(term, posting);
  }

  #raiseMaxCount(term: number, count: number): void {
    const packed = this.#terms.get(term, termFields.left);
    const max = Math.min(count, maxPostingCount);
    if (packed >>> maxCountShift < max) {
      this.#terms.set(term, termFields.left, (packed & (2 ** maxCountShift - 1)) | (max << maxCountShift));
    }
  }

  #append(term: number, { place, count }: { place: number; count: number }): void {
    const terms = this.#terms;
    const isNew = terms.get(term, termFields.tail) === 0;
    const packed = terms.get(term, termFields.left);
    const list = isNew
      ? this.#pool.open()
      : { head: 0, tail: terms.get(term, termFields.tail) - 1, left: packed & 0xff_ff, level: (packed >>> 16) & 0xff };
    if (isNew) terms.set(term, termFields.head, list.head);
    const last = isNew ? -1 : terms.get(term, termFields.last);
    let value = (place - last) * 2 + (count > 1 ? 1 : 0);
    while (value > 0x7f) {
      this.#pool.append(list, (value & 0x7f) | 0x80);
      value >>>= 7;
    }
    this.#pool.append(list, value);
    if (count > 1) this.#pool.append(list, Math.min(count, maxPostingCount));
    terms.set(term, termFields.tail, list.tail + 1);
    terms.set(term, termFields.left, list.left | (list.level << 16) | (packed & (0xff << maxCountShift)));
    terms.set(term, termFields.last, place);
  }

  #toBitmap(term: number, capacity: number): void {
    const length = this.read(term);
    let bitmap = new Uint8Array((capacity >> 2) + 1);
    for (let at = 0; at < length; at++) {
      bitmap = setBits(bitmap, { place: this.places[at] ?? 0, count: this.counts[at] ?? 0, capacity });
    }
    this.#pool.release({
      head: this.#terms.get(term, termFields.head),
      tail: this.#terms.get(term, termFields.tail) - 1,
    });
    this.#bitmaps.set(term, bitmap);
  }

  #readList(term: number): number {
    const most = this.#terms.get(term, termFields.passages) + 1;
    this.#reserve(Math.max(most, this.places.length));
    const end = this.#terms.get(term, termFields.tail) - 1;
    if (end < 0) return 0;
    const bytes = this.#pool.read({ head: this.#terms.get(term, termFields.head), tail: end }, this.#encoded);
    const { places, counts } = this;
    const encoded = this.#encoded;
    let length = 0;
    let place = -1;
    for (let at = 0; at < bytes;) {
      let byte = encoded[at++] ?? 0;
      let value = byte & 0x7f;
      for (let shift = 7; byte > 0x7f; shift += 7) {
        byte = encoded[at++] ?? 0;
        value |= (byte & 0x7f) << shift;
      }
      place += value >>> 1;
      places[length] = place;
      counts[length++] = value & 1 ? (encoded[at++] ?? 0) : 1;
    }
    return length;
  }

  #readBitmap(bitmap: Uint8Array): number {
    this.#reserve(bitmap.length * 4);
    let length = 0;
    for (let at = 0; at < bitmap.length; at++) {
      let bits = bitmap[at] ?? 0;
      for (let place = at * 4; bits > 0; place++, bits >>>= 2) {
        if ((bits & 3) === 0) continue;
        this.places[length] = place;
        this.counts[length++] = bits & 3;
      }
    }
    return length;
  }

  /** Makes room for so many passages; one takes at most 6 bytes in a list. */
  #reserve(most: number): void {
    if (most <= this.places.length && most * 6 <= this.#encoded.length) return;
    const size = Math.ceil(most * 1.3);
    this.places = new Uint32Array(size);
    this.counts = new Uint8Array(size);
    this.#encoded = new Uint8Array(size * 6);
  }
}

/** Count of a term at a place, by its bitmap. */
export function countAt(bitmap: Uint8Array, place: number): number {
  return ((bitmap[place >> 2] ?? 0) >> ((place & 3) * 2)) & 3;
}

/** Searches the first numbers of an ascending array. */
function includes(ascending: Uint32Array, length: number, wanted: number): boolean {
  let begin = 0;
  let end = length;
  while (begin < end) {
    const middle = (begin + end) >>> 1;
    if ((ascending[middle] ?? 0) < wanted) begin = middle + 1;
    else end = middle;
  }
  return begin < length && ascending[begin] === wanted;
}

function setBits(
  bitmap: Uint8Array<ArrayBuffer>,
  { place, count, capacity }: { place: number; count: number; capacity: number },
): Uint8Array<ArrayBuffer> {
  let target = bitmap;
  if (place >> 2 >= bitmap.length) {
    target = new Uint8Array((capacity >> 2) + 1);
    target.set(bitmap);
  }
  target[place >> 2] = (target[place >> 2] ?? 0) | (Math.min(count, maxPostingCount) << ((place & 3) * 2));
  return target;
}
