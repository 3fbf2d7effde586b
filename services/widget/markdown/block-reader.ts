import { parseBlocks } from "./parse-blocks.ts";
import type { Block, Parsed } from "./tree.ts";

/**
 * Reads a reply while it grows. A block is settled once another one has begun: only the last one is read again, so the
 * cost of an update does not grow with the reply, and a settled block stays the same object.
 */
export class BlockReader {
  #text = "";
  #whole = false;
  #blocks: readonly Block[] = [];
  readonly #settled: Block[] = [];
  /** Of the settled blocks' source. */
  #length = 0;

  /** @param read all of the text so far @param whole it will not grow */
  read(read: string, whole: boolean): readonly Block[] {
    // A line may end with it alone; within an address, browsers would pass over it.
    const text = read.replace(/\r(?!\n|$)/g, "\n");
    if (text === this.#text && whole === this.#whole) return this.#blocks;
    if (!text.startsWith(this.#text.slice(0, this.#length))) this.#restart();
    [this.#text, this.#whole] = [text, whole];
    const lines = text.slice(this.#length).split("\n");
    const parsed = parseBlocks(
      lines.map((line) => line.replace(/\r$/, "").replaceAll("\t", "    ")),
      !whole,
    );
    const loose = parsed.slice(-looseBlocks(parsed, lines.length));
    for (const { block, end } of parsed.slice(0, parsed.length - loose.length)) this.#settle(block, lines, end);
    this.#blocks = [...this.#settled, ...loose.map(({ block }) => block)];
    return this.#blocks;
  }

  #settle(block: Block, lines: string[], end: number): void {
    this.#settled.push(block);
    this.#length = this.#text.length - lines.slice(end).join("\n").length;
  }

  #restart(): void {
    this.#settled.length = 0;
    this.#length = 0;
  }
}

/** What the last block is hangs on its first two lines: until they are whole, the one before it may yet go on. */
function looseBlocks(parsed: readonly Parsed[], lines: number): number {
  const begin = parsed.at(-2)?.end ?? 0;
  return lines - begin < 4 ? 2 : 1;
}
