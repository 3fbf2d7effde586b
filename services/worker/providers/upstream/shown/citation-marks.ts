import { definite, mayBecomeMark } from "./marks.ts";

/** Digits that models write in brackets: ASCII, full-width, Arabic and Persian. The lowest four bits are their value. */
const digit = "[0-9０-９٠-٩۰-۹]";
const number = `[\\^#]?${digit}{1,3}\\^?`;
/** Words that models put before a number, also where they were asked not to. */
const words =
  "passages? sources? citations? cite docs? documents? refs? references? quellen? fuentes? fonte fonti bron 来源 出典".split(
    " ",
  );
const word = `(?:${words.join("|")})[ .:#]{0,2}`;
const numbers = `(?:${word})?${number}(?: ?[,;，、،&–—-] ?(?:${word})?${number}){0,9}`;
const note = String.raw`(?:†[^【】[\]\n]{0,200})?`;
const one = String.raw`\[\[${numbers}\]\]|\[ ?${numbers}${note} ?\]|【 ?${numbers}${note} ?】|［ ?${numbers} ?］`;
const others = definite.join("|");
const inBrackets = String.raw`\((?:${one})(?:[ ,;]{0,2}(?:${one})){0,9}\)`;

/** One mark. The group `own` has the numbers of passages; without it, the mark is of a provider's own sources. */
export const citationMark = new RegExp(`(?<own>${one}|${inBrackets})|${others}`, "iy");
/** Separator of two marks, which is removed with them. */
export const betweenMarks = /[,;]?[ \t]{0,2}/y;

const inside = String.raw`[\p{L}\d０-９٠-٩۰-۹ ,;，、،&^#.:–—-]{0,60}`;
const open = String.raw`\(?(?:(?:\[\[?|[【［])${inside}(?:†[^【】[\]\n]{0,200})?\]?)?`;
const unfinishedRun = new RegExp(
  String.raw`^[ \t]{0,40}(?:(?:${one}|${inBrackets}|${others})[,;]?[ \t]{0,2}){0,20}(?:\((?:(?:${one})[ ,;]{0,2}){0,9})?(?:${open})?$`,
  "iu",
);
const lastOpen = /[[【［]([^[\]【】［］†]*)$/;
const names = new Set(words.flatMap((each) => (each.endsWith("?") ? [each.slice(0, -2), each.slice(0, -1)] : [each])));

/** True if the text may become a run of marks. */
export function mayBecomeCitation(text: string): boolean {
  if (mayBecomeMark.test(text)) return true;
  if (!unfinishedRun.test(text)) return false;
  const letters =
    lastOpen
      .exec(text)?.[1]
      ?.toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  return letters.every((run, at) => isName(run, at === letters.length - 1));
}

function isName(run: string, mayGrow: boolean): boolean {
  return names.has(run) || (mayGrow && [...names].some((name) => name.startsWith(run)));
}

/** Half a mark, left where a reply was cut. */
export const halfCitation = new RegExp(
  String.raw`^[,;]?[ \t]*\(?(?:\[\[?|[【［])${inside}${digit}${inside}(?:†|$)`,
  "iu",
);

/**
 * Numbers of a mark, ranges with all that they span.
 * @returns `undefined` for what is none: a number with leading zeros, or an interval from zero (`[0, 1]`)
 */
export function citedNumbers(mark: string): number[] | undefined {
  const cited: number[] = [];
  let range = false;
  for (const [token] of mark.replace(/†[^】\]]*/g, "").matchAll(new RegExp(`${digit}+|[–—-]`, "g"))) {
    if (/^[–—-]$/.test(token)) {
      range = true;
      continue;
    }
    const value = valueOf(token);
    if (token.length > 1 && value < 10 ** (token.length - 1)) return undefined;
    const before = cited.at(-1);
    if (range && before !== undefined && value > before && value - before < longestRange) {
      for (let between = before + 1; between < value; between++) cited.push(between);
    }
    cited.push(value);
    range = false;
  }
  return cited.includes(0) && cited.length > 1 ? undefined : cited;
}

const longestRange = 32;

function valueOf(digits: string): number {
  return Array.from(digits).reduce((value, char) => 10 * value + (char.charCodeAt(0) & 0xf), 0);
}
