import { decodeEntities } from "./entities.ts";

/** Address behind a link's label, as in `(https://a.example "Title")`. */
export interface LinkTarget {
  readonly end: number;
  readonly href: string;
}

/** Brackets within an address may nest this deep; a limit keeps the time for hostile texts linear. */
const maxBrackets = 32;
const blanks = /\s*/y;
const angled = /<(?:[^<>\n\\]|\\[^\n])*>/y;
const titles: Record<string, RegExp> = {
  '"': /"(?:[^"\\]|\\[^])*"/y,
  "'": /'(?:[^'\\]|\\[^])*'/y,
  "(": /\((?:[^()\\]|\\[^])*\)/y,
};

/**
 * Reads the target at an index. The title is dropped.
 * @returns `growing` if the text ends within what may become a target
 */
export function readTarget(text: string, at: number): LinkTarget | "growing" | undefined {
  if (text[at] !== "(") return undefined;
  const begin = skipBlanks(text, at + 1);
  const to = text[begin] === "<" ? endOf(angled, text, begin) : endOfBare(text, begin);
  if (to === undefined) return text[begin] === "<" ? growsFrom(text, begin, /[<>\n]/g) : undefined;
  const title = skipBlanks(text, to);
  const mark = text[title] ?? "";
  const pattern = title > to ? titles[mark] : undefined;
  const behind = pattern === undefined ? title : endOf(pattern, text, title);
  if (behind === undefined) return growsFrom(text, title, mark === "(" ? /[()]/g : undefined);
  const end = skipBlanks(text, behind);
  if (end === text.length) return "growing";
  if (text[end] !== ")") return undefined;
  const written = text[begin] === "<" ? text.slice(begin + 1, to - 1) : text.slice(begin, to);
  return { end: end + 1, href: decodeEntities(written.replace(/\\([!-/:-@[-`{-~])/g, "$1")) };
}

/** Finds the end of an address without `<` and `>`: at a blank, or at a bracket that it did not open. */
function endOfBare(text: string, begin: number): number | undefined {
  let depth = 0;
  for (let at = begin; ; at++) {
    const character = text[at] ?? " ";
    if (character === "\\" && /./.test(text[at + 1] ?? "")) at++;
    else if (character === "(" && ++depth > maxBrackets) return undefined;
    else if (/\s/.test(character) || (character === ")" && --depth < 0)) {
      return depth > 0 && at < text.length ? undefined : at;
    }
  }
}

/** True to the last character: no mark after the first one forbids the text to become what it began as. */
function growsFrom(text: string, at: number, forbidden?: RegExp): "growing" | undefined {
  if (forbidden === undefined) return "growing";
  forbidden.lastIndex = at + 1;
  return forbidden.test(text) ? undefined : "growing";
}

function skipBlanks(text: string, at: number): number {
  return endOf(blanks, text, at) ?? at;
}

function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
