/** Small numbers of a site's sources, for arrays; 0 is none, and marks a removed passage. */
export class SourceNumbers {
  #numbers = new Map<string, number>();

  /** Number of a source; a new one gets the next number. */
  of(source: string): number {
    const known = this.#numbers.get(source);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(source, number);
    return number;
  }

  /** Marks by number: 1 for those that a question may be answered from. Without `sources`, these are all. */
  allowed(sources: Iterable<string> | undefined): Uint8Array {
    const marks = new Uint8Array(this.#numbers.size + 1);
    if (sources === undefined) return marks.fill(1, 1);
    for (const source of sources) {
      const number = this.#numbers.get(source);
      if (number !== undefined) marks[number] = 1;
    }
    return marks;
  }
}
