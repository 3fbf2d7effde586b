import type { ExtractedLine } from "../extracted-page.ts";
import { toHeadingLevel } from "../extracted-page.ts";
import { joinWrapped } from "../extract-text.ts";
import { countLetters, visibleText } from "../visible-text.ts";
import type { PageLine } from "./page-lines.ts";
import { nameCells } from "./page-tables.ts";

const headingRatio = 1.15;
const maxHeadingLetters = 120;
/** Distance of two lines of one paragraph, in heights of the text. */
const maxLeading = 1.7;
/** Parts of English words that are written with a hyphen. */
const hyphened = /^(?:e|pre|non|ex|self|well|half|all|anti|semi|multi|cross|two|three|four|one|off|add|check|x|t)$/i;

interface Paragraph {
  text: string;
  last: PageLine;
  isRow: boolean;
}

/** Joins the lines of pages to paragraphs, rows and headings. Headings are lines in larger letters than most. */
export function buildParagraphs(pages: readonly PageLine[][]): ExtractedLine[] {
  const all = pages.flat();
  const body = commonHeight(all);
  const sizes = [
    ...new Set(all.map(({ height }) => Math.round(height)).filter((height) => height > headingRatio * body)),
  ].toSorted((a, b) => b - a);
  const words = new Set(
    all.flatMap(({ cells }) => cells.flatMap(({ text }) => text.toLowerCase().split(/[^\p{L}\p{N}-]+/u))),
  );
  return pages.flatMap(joinLines(words)).flatMap(({ text, last, isRow }): ExtractedLine[] => {
    const clean = visibleText(text);
    if (countLetters(clean) === 0) return [];
    const rank = sizes.indexOf(Math.round(last.height));
    const isHeading = rank !== -1 && !isRow && countLetters(clean) <= maxHeadingLetters;
    return [isHeading ? { text: clean, heading: toHeadingLevel(rank + 1) } : { text: clean }];
  });
}

function joinLines(words: ReadonlySet<string>) {
  return (lines: PageLine[]): Paragraph[] => {
    const paragraphs: Paragraph[] = [];
    for (const { line, text, isRow } of nameCells(lines)) {
      const before = paragraphs.at(-1);
      if (before === undefined || isRow || before.isRow || !continues(before, line, text)) {
        paragraphs.push({ text, last: line, isRow });
      } else {
        before.text = joinHyphened(before.text, text, words);
        before.last = line;
      }
    }
    return paragraphs;
  };
}

function continues({ text, last }: Paragraph, line: PageLine, next: string): boolean {
  const drop = last.y - line.y;
  const isNear = drop > 0 && drop <= maxLeading * Math.max(last.height, line.height);
  const isAlike = Math.abs(last.height - line.height) <= 0.1 * line.height;
  const isItem = /^(?:[•·▪◦*–-]|\d{1,3}[.)]|[a-z]\))\s/u.test(next);
  // A sentence that ends well before the edge ends its paragraph.
  const [cell] = last.cells;
  const [below] = line.cells;
  const isShort = cell !== undefined && below !== undefined && cell.end < below.end - 6 * line.height;
  return isNear && isAlike && !isItem && !(isShort && /[.!?:。؟]$/u.test(text));
}

/** Joins two lines; a word that was divided at the end of the first becomes one again. */
function joinHyphened(before: string, after: string, words: ReadonlySet<string>): string {
  const first = /([\p{L}\p{N}]+)[-\u2010\u00ad]$/u.exec(before)?.[1];
  const second = /^[\p{L}\p{N}]+/u.exec(after)?.[0];
  if (first === undefined || second === undefined) return joinWrapped(before, after);
  const isWord = words.has((first + second).toLowerCase());
  const isPair = words.has(`${first}-${second}`.toLowerCase());
  const keeps = isPair || /\d/.test(first + second) || /^\p{Lu}/u.test(second) || hyphened.test(first);
  return (keeps && !isWord ? before : before.slice(0, -1)) + after;
}

/** Height in which most letters are written. */
function commonHeight(lines: readonly PageLine[]): number {
  const letters = new Map<number, number>();
  for (const { height, cells } of lines) {
    const count = cells.reduce((sum, { text }) => sum + text.length, 0);
    letters.set(height, (letters.get(height) ?? 0) + count);
  }
  return [...letters].toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? 0;
}
