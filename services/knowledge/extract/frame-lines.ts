import type { ExtractedPage } from "./extracted-page.ts";
import { comparableText } from "./visible-text.ts";

const minPages = 3;
const minShare = 0.5;
const maxDropped = 0.5;

/**
 * Drops the lines that repeat over a site: those on half of its pages and on three or more. Copies of a page count once,
 * or its text would be taken for the frame. A page that would lose more than half of its text keeps all of it.
 */
export function dropFrameLines(pages: readonly ExtractedPage[]): ExtractedPage[] {
  const distinct = new Map(pages.map((page) => [keyOf(page), page]));
  const counts = new Map<string, number>();
  for (const page of distinct.values()) {
    for (const line of new Set(page.lines.map(({ text }) => comparableText(text)))) {
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
  }
  const least = Math.max(minPages, minShare * distinct.size);
  const isFrame = (text: string) => (counts.get(comparableText(text)) ?? 0) >= least;
  return pages.map((page) => withoutLines(page, isFrame));
}

/** Text of a page without its numbers: copies may show another date or counter. */
function keyOf({ lines }: ExtractedPage): string {
  return lines.map(({ text }) => comparableText(text).replaceAll(/\p{N}+/gu, "0")).join("\n");
}

function withoutLines(page: ExtractedPage, isFrame: (text: string) => boolean): ExtractedPage {
  const lines = page.lines.filter(({ text }) => !isFrame(text));
  const kept = lengthOf(lines);
  const all = lengthOf(page.lines);
  if (kept === all || kept < (1 - maxDropped) * all) return page;
  return { ...page, lines, share: (page.share * kept) / all };
}

function lengthOf(lines: ExtractedPage["lines"]): number {
  return lines.reduce((sum, { text }) => sum + comparableText(text).length, 0);
}
