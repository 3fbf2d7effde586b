import { parseBlocks } from "./parse-blocks.ts";
import type { Block, Parsed } from "./syntax-tree.ts";

/**
 * Parses a growing reply. A block is settled once another one has begun. Only the last block is parsed again, so the
 * cost of an update does not grow with the reply, and a settled block stays the same object.
 */
export class BlockReader {
  #text = "";
  #whole = false;
  #blocks: readonly Block[] = [];
  readonly #settled: Block[] = [];
  /** Length of the settled blocks' source. */
  #length = 0;

  /**
   * @param read the complete text so far
   * @param whole true if the text will not grow
   */
  read(read: string, whole: boolean): readonly Block[] {
    // A lone carriage return may end a line; within an address, browsers would skip it.
    const text = read.replace(/\r(?!\n|$)/g, "\n");
    if (text === this.#text && whole === this.#whole) return this.#blocks;
    if (!text.startsWith(this.#text.slice(0, this.#length))) this.#restart();
    [this.#text, this.#whole] = [text, whole];
    const lines = text.slice(this.#length).split("\n");
    const parsed = parseBlocks(
      lines.map((line) => line.replace(/\r$/, "").replaceAll("\t", "    ")),
      !whole,
    );
    const unsettled = parsed.slice(-countUnsettled(parsed, lines.length));
    for (const { block, end } of parsed.slice(0, parsed.length - unsettled.length)) this.#settle(block, lines, end);
    this.#blocks = [...this.#settled, ...unsettled.map(({ block }) => block)];
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

/**
 * Counts the blocks that may still change. The first two lines of the last block decide its type; until they are
 * complete, the block before it may continue.
 */
function countUnsettled(parsed: readonly Parsed[], lines: number): number {
  const begin = parsed.at(-2)?.end ?? 0;
  return lines - begin < 4 ? 2 : 1;
}
