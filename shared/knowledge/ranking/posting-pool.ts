/** Sizes of the slices of a list, in bytes: small for a rare word, and few jumps in a long list. The last one repeats. */
const sliceBytes = [8, 16, 32, 64, 128, 256, 512] as const;
const lastLevel = sliceBytes.length - 1;
/** A slice ends with the address of the next one. */
const linkBytes = 4;
/** Bytes from which a call copies faster than a loop. */
const longCopy = 100;
const pageBits = 18;
const pageBytes = 1 << pageBits;

/** Place of a list in the pool. Its owner keeps it; the pool has no table of lists. */
export interface ListEnd {
  /** Address of the first slice, for reading. */
  head: number;
  /** Address of the next byte to write. */
  tail: number;
  /** Bytes left in the last slice. */
  left: number;
  /** Number of its slice, up to the last size. */
  level: number;
}

/**
 * Byte lists that grow at their ends, in pages without a gap between lists. Nothing is moved when one grows, so adding a
 * passage never blocks, and memory is what is used, plus the open end of each list.
 */
export class PostingPool {
  #pages: Uint8Array[] = [];
  #used = pageBytes;
  /** Freed slices by size. */
  #free: number[][] = sliceBytes.map(() => []);

  /** Bytes held. */
  get bytes(): number {
    return this.#pages.length * pageBytes;
  }

  open(): ListEnd {
    const head = this.#allocate(0);
    return { head, tail: head, left: sliceBytes[0] - linkBytes, level: 0 };
  }

  append(list: ListEnd, byte: number): void {
    if (list.left === 0) this.#extend(list);
    const page = this.#pages[list.tail >>> pageBits];
    if (page) page[list.tail & (pageBytes - 1)] = byte;
    list.tail++;
    list.left--;
  }

  /** Copies the bytes of a list into a target that is long enough; returns their number. */
  read({ head, tail }: Pick<ListEnd, "head" | "tail">, target: Uint8Array): number {
    let length = 0;
    let at = head;
    for (let level = 0; ; level = Math.min(level + 1, lastLevel)) {
      const page = this.#pages[at >>> pageBits];
      if (page === undefined) return length;
      const start = at & (pageBytes - 1);
      const data = (sliceBytes[level] ?? 0) - linkBytes;
      const isLast = tail >= at && tail <= at + data;
      const size = isLast ? tail - at : data;
      // A copied list reads faster than one across pages: the decoder has no jump in its loop.
      if (size > longCopy) target.set(page.subarray(start, start + size), length);
      else for (let offset = 0; offset < size; offset++) target[length + offset] = page[start + offset] ?? 0;
      length += size;
      if (isLast) return length;
      at = readAddress(page, start + data);
    }
  }

  /** Gives the slices of a list back. */
  release({ head, tail }: Pick<ListEnd, "head" | "tail">): void {
    let at = head;
    for (let level = 0; ; level = Math.min(level + 1, lastLevel)) {
      const page = this.#pages[at >>> pageBits];
      const data = (sliceBytes[level] ?? 0) - linkBytes;
      this.#free[level]?.push(at);
      if (page === undefined || (tail >= at && tail <= at + data)) return;
      at = readAddress(page, (at & (pageBytes - 1)) + data);
    }
  }

  #extend(list: ListEnd): void {
    const level = Math.min(list.level + 1, lastLevel);
    const next = this.#allocate(level);
    const page = this.#pages[list.tail >>> pageBits];
    if (page) writeAddress(page, list.tail & (pageBytes - 1), next);
    list.tail = next;
    list.level = level;
    list.left = (sliceBytes[level] ?? 0) - linkBytes;
  }

  #allocate(level: number): number {
    const freed = this.#free[level]?.pop();
    if (freed !== undefined) return freed;
    const size = sliceBytes[level] ?? 0;
    if (this.#used + size > pageBytes) {
      this.#pages.push(new Uint8Array(pageBytes));
      this.#used = 0;
    }
    const address = (this.#pages.length - 1) * pageBytes + this.#used;
    this.#used += size;
    return address;
  }
}

function readAddress(page: Uint8Array, at: number): number {
  return (
    (page[at] ?? 0) + (page[at + 1] ?? 0) * 0x100 + (page[at + 2] ?? 0) * 0x1_00_00 + (page[at + 3] ?? 0) * 0x1_00_00_00
  );
}

function writeAddress(page: Uint8Array, at: number, address: number): void {
  page[at] = address & 0xff;
  page[at + 1] = (address >>> 8) & 0xff;
  page[at + 2] = (address >>> 16) & 0xff;
  page[at + 3] = address >>> 24;
}
