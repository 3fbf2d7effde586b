interface Entry<T> {
  at: number;
  order: number;
  item: T;
}

/** Binary heap of future entries, earliest first; entries of the same moment in order of insertion. */
export class Heap<T> {
  readonly #entries: Entry<T>[] = [];
  #order = 0;

  push(at: number, item: T): void {
    const entry = { at, order: this.#order++, item };
    let place = this.#entries.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      this.#entries[place] = parent;
      place = above;
    }
    this.#entries[place] = entry;
  }

  /** Takes the next entry if it is due by then. */
  takeBy(at: number): { at: number; item: T } | undefined {
    const [first] = this.#entries;
    if (first === undefined || first.at > at) return undefined;
    const last = this.#entries.pop();
    if (last !== undefined && this.#entries.length > 0) this.#sink(last);
    return first;
  }

  /** Puts an entry at the top, and sinks it to its position. */
  #sink(entry: Entry<T>): void {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [a, b] = [this.#entries[left], this.#entries[left + 1]];
      const child = a !== undefined && b !== undefined && isBefore(b, a) ? b : a;
      if (child === undefined || !isBefore(child, entry)) break;
      this.#entries[place] = child;
      place = child === a ? left : left + 1;
    }
    this.#entries[place] = entry;
  }
}

function isBefore(one: Entry<unknown>, other: Entry<unknown>): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
