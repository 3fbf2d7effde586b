import { type ListEnd, PostingPool } from "./posting-pool.ts";
import { termFields, type TermTable } from "./term-table.ts";

/** Bits of a count, in a bitmap and below the place in a packed posting. In a bitmap, 0 is none. */
const countBits = 2;
/** Maximum count of a term that is told apart. */
export const maxPostingCount = 2 ** countBits - 1;

/** Place of the maximum count in `termFields.left`, above the bytes left in a list's slice and the slice's number. */
const maxCountShift = 24;

/** Postings of a term in a part of an array, packed, with ascending places. */
export interface PostingRun {
  packed: Uint32Array;
  begin: number;
  end: number;
}

export function packPosting(place: number, count: number): number {
  return (place << countBits) | Math.min(count, maxPostingCount);
}

/** A run of one posting, until the next call. */
export function onePosting(place: number, count: number): PostingRun {
  one.packed[0] = packPosting(place, count);
  return one;
}

const one = { packed: new Uint32Array(1), begin: 0, end: 1 } as const;

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

  /** Adds places above all others of the term. `capacity` is that of the passages' table. */
  add(term: number, run: PostingRun, capacity: number): void {
    this.#raiseMaxCount(term, run);
    const marked = this.#bitmaps.has(term) ? run.begin : this.#append(term, run, capacity);
    const bitmap = this.#bitmaps.get(term);
    if (bitmap) this.#bitmaps.set(term, mark(bitmap, { ...run, begin: marked }, capacity));
    const passages = this.#terms.get(term, termFields.passages) + run.end - marked;
    this.#terms.set(term, termFields.passages, passages);
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
    const packed = new Uint32Array(length);
    let kept = 0;
    for (let at = 0; at < length; at++) {
      const place = this.places[at] ?? 0;
      if (!isRemoved(place)) packed[kept++] = packPosting(place, this.counts[at] ?? 0);
    }
    if (kept === length) return;
    const bitmap = this.#bitmaps.get(term);
    if (bitmap) bitmap.fill(0);
    else this.#release(term);
    this.#terms.set(term, termFields.passages, 0);
    if (kept > 0) this.add(term, { packed, begin: 0, end: kept }, 0);
  }

  #release(term: number): void {
    const terms = this.#terms;
    this.#pool.release({ head: terms.get(term, termFields.head), tail: terms.get(term, termFields.tail) - 1 });
    terms.set(term, termFields.tail, 0);
  }

  #raiseMaxCount(term: number, { packed, begin, end }: PostingRun): void {
    const before = this.#terms.get(term, termFields.left);
    let max = before >>> maxCountShift;
    for (let at = begin; at < end && max < maxPostingCount; at++)
      max = Math.max(max, (packed[at] ?? 0) & maxPostingCount);
    this.#terms.set(term, termFields.left, (before & (2 ** maxCountShift - 1)) | (max << maxCountShift));
  }

  /** Adds to a term's list, until the term is frequent: then its list becomes a bitmap. @returns the end of what was added */
  #append(term: number, { packed, begin, end }: PostingRun, capacity: number): number {
    const terms = this.#terms;
    const { list, isNew } = this.#listOf(term);
    let last = isNew ? -1 : terms.get(term, termFields.last);
    let passages = terms.get(term, termFields.passages);
    let at = begin;
    while (at < end && !isFrequent(passages, last)) {
      const posting = packed[at++] ?? 0;
      const place = posting >>> countBits;
      this.#write(list, place - last, posting & maxPostingCount);
      last = place;
      passages++;
    }
    terms.set(term, termFields.tail, list.tail + 1);
    terms.set(term, termFields.left, list.left | (list.level << 16) | (this.maxCount(term) << maxCountShift));
    terms.set(term, termFields.last, last);
    terms.set(term, termFields.passages, passages);
    if (isFrequent(passages, last)) this.#toBitmap(term, Math.max(capacity, last + 1));
    return at;
  }

  #listOf(term: number): { list: ListEnd; isNew: boolean } {
    const terms = this.#terms;
    const tail = terms.get(term, termFields.tail) - 1;
    const packed = terms.get(term, termFields.left);
    const isNew = tail < 0;
    const list = isNew ? this.#pool.open() : { head: 0, tail, left: packed & 0xff_ff, level: (packed >>> 16) & 0xff };
    if (isNew) terms.set(term, termFields.head, list.head);
    return { list, isNew };
  }

  #write(list: ListEnd, difference: number, count: number): void {
    let value = difference * 2 + (count > 1 ? 1 : 0);
    while (value > 0x7f) {
      this.#pool.append(list, (value & 0x7f) | 0x80);
      value >>>= 7;
    }
    this.#pool.append(list, value);
    if (count > 1) this.#pool.append(list, count);
  }

  #toBitmap(term: number, capacity: number): void {
    const length = this.read(term);
    const bitmap = new Uint8Array((capacity >> 2) + 1);
    for (let at = 0; at < length; at++) setBits(bitmap, this.places[at] ?? 0, this.counts[at] ?? 0);
    this.#release(term);
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

function mark(
  bitmap: Uint8Array<ArrayBuffer>,
  { packed, begin, end }: PostingRun,
  capacity: number,
): Uint8Array<ArrayBuffer> {
  let target = bitmap;
  for (let at = begin; at < end; at++) {
    const posting = packed[at] ?? 0;
    const place = posting >>> countBits;
    if (place >> 2 >= target.length) {
      target = new Uint8Array((Math.max(capacity, place + 1) >> 2) + 1);
      target.set(bitmap);
    }
    setBits(target, place, posting & maxPostingCount);
  }
  return target;
}

function setBits(bitmap: Uint8Array, place: number, count: number): void {
  bitmap[place >> 2] = (bitmap[place >> 2] ?? 0) | (count << ((place & 3) * countBits));
}
