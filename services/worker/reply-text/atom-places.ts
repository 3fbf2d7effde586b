/** Place of a citation in a reply's text. */
export interface AtomPlace {
  /** Number of its passage. */
  number: number;
  /** UTF-16 units of the output before it. */
  units: number;
  /** Bytes of UTF-8 of the output before it. */
  bytes: number;
}

/**
 * Finds where atoms of a text lie in what a filter makes of it. The filter reports each part of its input once, in order:
 * as passed on or as dropped. An atom gets the place that its part of the input has in the output; within a dropped part,
 * the place behind what replaces it.
 */
export class AtomPlaces {
  readonly #onPlace: (place: AtomPlace) => void;
  readonly #waiting: { number: number; at: number }[] = [];
  /** UTF-16 units of the input that were read, and of those, the ones whose output is known. */
  #read = 0;
  #settled = 0;
  #units = 0;
  #bytes = 0;

  constructor(onPlace: (place: AtomPlace) => void) {
    this.#onPlace = onPlace;
  }

  /** An atom stands after the input read so far. */
  atom(number: number): void {
    this.#waiting.push({ number, at: this.#read });
    this.#settle("");
  }

  read(units: number): void {
    this.#read += units;
  }

  /**
   * Input that is output as it is.
   * @param end output that belongs to it: an atom behind the input stands behind this
   */
  passed(text: string, end = ""): void {
    this.#settle(text);
    this.#settled += text.length;
    this.inserted(text + end);
    this.#settle("");
  }

  /** Output without an input. */
  inserted(text: string): void {
    this.#units += text.length;
    this.#bytes += Buffer.byteLength(text);
  }

  /** Input without an output. */
  dropped(units: number): void {
    this.#settled += units;
    this.#settle("");
  }

  /** @param text output that follows, the same as its input; an atom at its end is not settled yet */
  #settle(text: string): void {
    const end = this.#settled + Math.max(text.length - 1, 0);
    for (let next = this.#waiting[0]; next && next.at <= end; next = this.#waiting[0]) {
      const before = text.slice(0, next.at - this.#settled);
      const [units, bytes] = [this.#units + before.length, this.#bytes + Buffer.byteLength(before)];
      this.#waiting.shift();
      this.#onPlace({ number: next.number, units, bytes });
    }
  }
}
