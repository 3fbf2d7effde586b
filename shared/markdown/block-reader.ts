import type { Parsed, Resume } from "./block-lines.ts";
import { parseBlocks } from "./parse-blocks.ts";
import type { Block } from "./syntax-tree.ts";

/**
 * Parses a growing reply. A block is settled once another one has begun, and an item, a row or a line of code once the
 * next one has. Only what follows is parsed again, so the cost of an update does not grow with the reply, and a settled
 * part stays the same object.
 */
export class BlockReader {
  readonly #depth: number;
  #text = "";
  #whole = false;
  #blocks: readonly Block[] = [];
  readonly #settled: Block[] = [];
  /** Length of the settled parts' source. */
  #length = 0;
  /** Continues the block that is settled in part. */
  #resume: Resume | undefined;
  /** Parses the text of the open quote or item. */
  #inside: BlockReader | undefined;

  /** @param depth number of quotes and lists around the text */
  constructor(depth = 0) {
    this.#depth = depth;
  }

  /**
   * @param text the complete text so far
   * @param whole true if the text will not grow
   */
  read(text: string, whole: boolean): readonly Block[] {
    if (text === this.#text && whole === this.#whole) return this.#blocks;
    // The text after a settled part made it final, so all of the text before must be the same.
    if (this.#whole || !text.startsWith(this.#text)) this.#restart();
    [this.#text, this.#whole] = [text, whole];
    // Lines and the line ends between them. A lone carriage return ends a line, too: within an address, browsers would
    // skip it. At the end of the text, its line feed may follow.
    const parts = text.slice(this.#length).split(/(\r\n|\n|\r(?!$))/);
    const lines = parts.filter((_, index) => index % 2 === 0);
    lines.push((lines.pop() ?? "").replace(/\r$/, ""));
    const readInside = (inside: readonly string[], open: boolean) => this.#readInside(inside, open);
    const parsed = parseBlocks(lines, { open: !whole, depth: this.#depth, readInside }, this.#resume);
    const settled = parsed.slice(0, Math.max(0, parsed.length - countUnsettled(parsed, lines.length)));
    const unsettled = parsed.slice(settled.length);
    this.#settled.push(...settled.map(({ block }) => block));
    this.#advance(settled.at(-1)?.end, unsettled[0]?.resume, parts);
    this.#blocks = [...this.#settled, ...unsettled.map(({ block }) => block)];
    return this.#blocks;
  }

  /**
   * Moves the line from which the next update is parsed.
   * @param end line after the settled blocks
   */
  #advance(end: number | undefined, resume: Resume | undefined, parts: readonly string[]): void {
    const line = resume?.at ?? end;
    if (line === undefined) return;
    this.#resume = resume;
    this.#length += parts.slice(0, 2 * line).join("").length;
  }

  /** Only the last quote or item of a level grows: its reader keeps what is settled within it. */
  #readInside(lines: readonly string[], open: boolean): readonly Block[] {
    const reader = open ? (this.#inside ??= new BlockReader(this.#depth + 1)) : new BlockReader(this.#depth + 1);
    return reader.read(lines.join("\n"), !open);
  }

  #restart(): void {
    this.#settled.length = 0;
    this.#length = 0;
    this.#resume = undefined;
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
