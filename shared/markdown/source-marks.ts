import { noncharacters } from "./inline/take-marks.ts";

/** Place at which a reply names one of its sources. */
export interface SourceMark {
  /** Number of the source, from 1. */
  readonly n: number;
  /** Place of the number: bytes of UTF-8 in the text. */
  readonly end: number;
}

/** There are 32 such noncharacters. Sources with a greater number are not marked in the text. */
const maxNumber = 31;
/** Beginning of a line that has signs only: a mark behind them could change what they mean. */
const signsOnly = /^[\s>|:=#*_~`+-]*(?:\d{1,9}[.)])?(?:[ \t]?\[[ xX]?\]?)?$/;

/**
 * Puts the number of a source at each place, as a noncharacter of Unicode: U+FDD0 and the number. The Markdown reader takes
 * them out of a block's text before it reads that, so they change nothing but what is shown.
 * @param marks in any order
 * @param whole true if the text will not grow
 */
export function withMarks(text: string, marks: readonly SourceMark[], whole: boolean): string {
  let marked = "";
  let done = 0;
  let [bytes, index] = [0, 0];
  for (const { n, end } of marks.toSorted((a, b) => a.end - b.end)) {
    while (bytes < end && index < text.length) {
      const code = text.codePointAt(index) ?? 0;
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      index += code < 0x10000 ? 1 : 2;
    }
    // The text has not grown that far yet.
    if (bytes < end) break;
    const place = placeFor(text, index, whole);
    if (place === undefined || !(n >= 1 && n <= maxNumber)) continue;
    marked += own(text.slice(done, place)) + String.fromCharCode(0xfdd0 + n);
    done = Math.max(done, place);
  }
  return marked + own(text.slice(done));
}

/** A number stands directly behind the word before it, so that it neither begins a line nor a block. */
function placeFor(text: string, at: number, whole: boolean): number | undefined {
  const place = backOverBlanks(text, at);
  const line = Math.max(text.lastIndexOf("\n", place - 1), text.lastIndexOf("\r", place - 1)) + 1;
  const isAmongSigns = [place, place + 1].some((end) => signsOnly.test(text.slice(line, end)));
  if (isAmongSigns || isInSign(text, line, place)) return undefined;
  if (text[place - 1] !== "|") return place;
  // The end of a table's cell. Whether another cell follows, the rest of the line tells.
  const [rest = ""] = text.slice(place).split(/[\r\n]/, 1);
  if (rest.trim() !== "") return place + rest.length - rest.trimStart().length;
  return whole || place + rest.length < text.length ? backOverBlanks(text, place - 1) : undefined;
}

/** True within an escape, and among the `#` that may close a heading. */
function isInSign(text: string, line: number, place: number): boolean {
  const before = text.charAt(place - 1);
  return before === "\\" || (before === "#" && text.charAt(line) === "#");
}

function backOverBlanks(text: string, at: number): number {
  let place = at;
  while (/\s/.test(text.charAt(place - 1))) place--;
  return place;
}

/** The text's own noncharacters mean nothing. */
function own(text: string): string {
  return text.replaceAll(noncharacters, "");
}
