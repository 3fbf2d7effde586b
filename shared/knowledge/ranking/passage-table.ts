import { pairBytes } from "../analysis/pair-bits.ts";
import { SourceNumbers } from "./source-numbers.ts";

/** Passages whose word pairs are in one array: what is as large as they are takes too long to copy when the table grows. */
const pageShift = 12;
const pagePassages = 1 << pageShift;

/** Passages of a site by their place in the index: the order in which they were added. */
export class PassageTable {
  /** Number of places, those of removed passages included. */
  places = 0;
  /** Passages that can be found, and the sum of their lengths. */
  alive = 0;
  totalLength = 0;
  /** Length of the shortest passage there ever was. */
  shortest = 0xff_ff;
  ids = new Float64Array(1024);
  lengths = new Uint16Array(1024);
  /** Number of the source + 1; 0 marks a removed passage. */
  sources = new Uint32Array(1024);
  #pairs: Uint8Array[] = [];
  #removed = 0;
  #placeById = new Map<number, number>();
  #sourceNumbers = new SourceNumbers();

  /** Bytes held, with 50 for an entry of a map. */
  get bytes(): number {
    const arrays = [this.ids, this.lengths, this.sources, ...this.#pairs];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0) + this.#placeById.size * 50;
  }

  get capacity(): number {
    return this.lengths.length;
  }

  get averageLength(): number {
    return this.alive === 0 ? 1 : this.totalLength / this.alive;
  }

  add(passage: { id: number; source: string }, { length, pairs }: { length: number; pairs: Uint8Array }): number {
    this.remove(passage.id);
    if (this.places === this.capacity) this.#grow();
    const place = this.places++;
    this.ids[place] = passage.id;
    this.lengths[place] = length;
    this.sources[place] = this.#sourceNumbers.of(passage.source);
    if (place >> pageShift === this.#pairs.length) this.#pairs.push(new Uint8Array(pagePassages * pairBytes));
    this.pairsAt(place).set(pairs);
    this.#placeById.set(passage.id, place);
    this.alive++;
    this.totalLength += length;
    this.shortest = Math.min(this.shortest, length);
    return place;
  }

  /** @returns false if it was not there */
  remove(id: number): boolean {
    const place = this.#placeById.get(id);
    if (place === undefined) return false;
    this.#placeById.delete(id);
    this.sources[place] = 0;
    this.#removed++;
    this.alive--;
    this.totalLength -= this.lengths[place] ?? 0;
    return true;
  }

  /** Place of a passage; `undefined` if it cannot be found. */
  placeOf(id: number): number | undefined {
    return this.#placeById.get(id);
  }

  /** Number of passages removed since the last call. */
  takeRemoved(): number {
    const removed = this.#removed;
    this.#removed = 0;
    return removed;
  }

  /** Marks by number of the source; see `SourceNumbers`. */
  allowed(sources: Iterable<string> | undefined): Uint8Array {
    return this.#sourceNumbers.allowed(sources);
  }

  /** Bits of a passage's word pairs. */
  pairsAt(place: number): Uint8Array {
    const begin = (place & (pagePassages - 1)) * pairBytes;
    return (this.#pairs[place >> pageShift] ?? noPairs).subarray(begin, begin + pairBytes);
  }

  hasPair(place: number, bit: number): boolean {
    const at = (place & (pagePassages - 1)) * pairBytes + (bit >> 3);
    return ((((this.#pairs[place >> pageShift] ?? noPairs)[at] ?? 0) >> (bit & 7)) & 1) === 1;
  }

  #grow(): void {
    const capacity = Math.ceil(this.capacity * 1.3);
    this.ids = grow(this.ids, new Float64Array(capacity));
    this.lengths = grow(this.lengths, new Uint16Array(capacity));
    this.sources = grow(this.sources, new Uint32Array(capacity));
  }
}

const noPairs = new Uint8Array(0);

function grow<T extends Float64Array | Uint16Array | Uint32Array>(old: T, grown: T): T {
  grown.set(old);
  return grown;
}
