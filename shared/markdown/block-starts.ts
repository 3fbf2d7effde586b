import { readMarker } from "./block-lines.ts";
import { startsTable } from "./parse-table.ts";

// The lookahead keeps a run of marks whole: a shorter run would be tried for each of its characters.
export const fence = /^( {0,3})(`{3,}(?!`)|~{3,}(?!~))([^`]*)$/;
export const heading = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
export const rule = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
export const quote = /^ {0,3}> ?/;
/** Signs that may become a heading, an item, a rule, a fence, a quote. */
export const undecided = /^[ \t]*(?:#{1,6}|\+|([-*_])(?:[ \t]*\1)*|`{1,3}|~{1,3}|>+|\d{1,9}[.)]?)[ \t]*$/;

/** True if a paragraph ends before this line. */
export function startsBlock(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  const item = readMarker(line);
  // "in
  // 2024. It": a number at the start of a line rarely belongs to a list.
  if (item !== undefined && item.content !== "" && (item.number === undefined || item.number === "1")) return true;
  const other = [fence, heading, rule, quote].some((start) => start.test(line));
  return other || startsTable(lines, at, false) === true;
}
