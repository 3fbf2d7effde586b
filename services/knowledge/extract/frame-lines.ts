import { createHash } from "node:crypto";
import type { ExtractedLine } from "./extracted-page.ts";
import { comparableText } from "./visible-text.ts";

const minPages = 3;
const minShare = 0.5;
const maxDropped = 0.5;

/**
 * Finds the lines that repeat over a site: those on half of its pages and on three or more. Copies of a page count once,
 * or its text would be taken for the frame. Keeps counts and hashes, so that a site of any size fits in memory.
 */
export class FrameLines {
  readonly #pages = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** Counts the lines of a page, as they were before any frame was dropped. */
  add(lines: readonly ExtractedLine[]): void {
    const texts = lines.map(({ text }) => comparableText(text));
    // Copies may show another date or counter.
    const page = hash(texts.map((text) => text.replaceAll(/\p{N}+/gu, "0")).join("\n"));
    if (this.#pages.has(page)) return;
    this.#pages.add(page);
    for (const line of new Set(texts)) {
      const key = hash(line);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    }
  }

  /** @returns the lines without the frame; all of them, if they would lose more than half of their text */
  drop(lines: readonly ExtractedLine[]): readonly ExtractedLine[] {
    const least = Math.max(minPages, minShare * this.#pages.size);
    const kept = lines.filter(({ text }) => (this.#counts.get(hash(comparableText(text))) ?? 0) < least);
    return lengthOf(kept) < (1 - maxDropped) * lengthOf(lines) ? lines : kept;
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64").slice(0, 16);
}

function lengthOf(lines: readonly ExtractedLine[]): number {
  return lines.reduce((sum, { text }) => sum + comparableText(text).length, 0);
}
