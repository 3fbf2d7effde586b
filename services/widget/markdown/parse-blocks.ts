import { parseInline } from "./parse-inline.ts";
import { parseTable, startsTable } from "./parse-table.ts";
import type { ListItem, Parsed } from "./syntax-tree.ts";

/** Maximum nesting of blocks; deeper ones are text. */
const maxDepth = 12;

const fence = /^( {0,3})(`{3,}|~{3,}) *([^`]*)$/;
const heading = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$/;
const rule = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const quote = /^ {0,3}> ?/;
const marker = /^( *)([-*+]|(\d{1,9})[.)])(?:( +)(?=\S)|[ \t]*$)/;
/** Signs that may become a heading, an item, a rule, a fence, a quote. */
const undecided = /^[ \t]*(?:#{1,6}|[-*_+]{1,3}|`{1,3}|~{1,3}|>+|\d{1,9}[.)]?)[ \t]*$/;

/**
 * Parses markdown as models write it, GitHub's dialect, except for constructs that need to look ahead or back. A line
 * of `---` or `===` makes no heading of the line before. Indented text is no code. Links have their address beside
 * them. HTML is text. So a block on the page keeps its type while text is added, and a block is final once another one
 * has begun.
 * @param open the text is still growing: open marks at its end are closed, and undecided ones are held back
 * @param depth number of quotes and lists around the lines
 */
export function parseBlocks(lines: readonly string[], open: boolean, depth = 0): Parsed[] {
  const blocks: Parsed[] = [];
  for (let at = 0; at < lines.length;) {
    if (isBlank(lines[at])) {
      at++;
      continue;
    }
    const parsed = parseBlock(lines, at, open, depth);
    if (parsed === undefined) break;
    blocks.push(parsed);
    at = parsed.end;
  }
  return blocks;
}

/** @returns `undefined` while the block's type is undecided */
function parseBlock(lines: readonly string[], at: number, open: boolean, depth: number): Parsed | undefined {
  const line = lines[at] ?? "";
  const isLast = open && at === lines.length - 1;
  if (fence.test(line)) return parseFence(lines, at, open);
  if (isLast && undecided.test(line)) return undefined;
  const [, marks, text = ""] = heading.exec(line) ?? [];
  if (marks !== undefined) {
    return { block: { type: "heading", depth: marks.length, inline: parseInline(text, isLast) }, end: at + 1 };
  }
  if (rule.test(line)) return { block: { type: "rule" }, end: at + 1 };
  if (quote.test(line) && depth < maxDepth) return parseQuote(lines, at, open, depth);
  if (marker.test(line) && depth < maxDepth) return parseList(lines, at, open, depth);
  const table = startsTable(lines, at, open);
  if (table === "undecided") return undefined;
  return table ? parseTable(lines, at, open) : parseParagraph(lines, at, open);
}

function parseFence(lines: readonly string[], at: number, open: boolean): Parsed {
  const [, indent = "", marks = "", info = ""] = fence.exec(lines[at] ?? "") ?? [];
  const closing = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}[ \\t]*$`);
  const found = lines.findIndex((line, index) => index > at && closing.test(line));
  const end = found === -1 ? lines.length : found;
  const body = lines.slice(at + 1, end).map((line) => line.replace(new RegExp(`^ {0,${indent.length}}`), ""));
  // The last line may be the start of the closing fence.
  if (found === -1 && open && /^ {0,3}(?:`{1,}|~{1,})$/.test(body.at(-1) ?? "")) body.pop();
  const language = info.trim().split(/\s+/)[0] ?? "";
  return { block: { type: "code", language, text: body.join("\n") }, end: found === -1 ? end : end + 1 };
}

function parseQuote(lines: readonly string[], at: number, open: boolean, depth: number): Parsed {
  const inside: string[] = [];
  let end = at;
  for (; end < lines.length; end++) {
    const line = lines[end] ?? "";
    if (!quote.test(line) && (isBlank(line) || isBlank(inside.at(-1)) || startsBlock(lines, end))) break;
    inside.push(line.replace(quote, ""));
  }
  const blocks = parseBlocks(inside, open && end === lines.length, depth + 1).map(({ block }) => block);
  return { block: { type: "quote", blocks }, end };
}

function parseList(lines: readonly string[], at: number, open: boolean, depth: number): Parsed {
  const [, , , first] = marker.exec(lines[at] ?? "") ?? [];
  const items: ListItem[] = [];
  let end = at;
  while (end < lines.length) {
    const [whole, indent = "", , number, space] = marker.exec(lines[end] ?? "") ?? [];
    const another =
      whole === undefined || (number === undefined) !== (first === undefined) || rule.test(lines[end] ?? "");
    if (another || (items.length > 0 && open && end === lines.length - 1 && undecided.test(lines[end] ?? ""))) break;
    const width = (space?.length ?? 1) > 4 ? whole.length - (space?.length ?? 1) + 1 : whole.length;
    const inside = takeItem(lines, end, width, indent.length);
    end += inside.length;
    items.push(parseItem(inside, open && end === lines.length, depth + 1));
    while (isBlank(lines[end]) && marker.test(lines[end + 1] ?? "")) end++;
  }
  // Only signs are on the last line, so it is held back.
  if (open && undecided.test(lines[end] ?? "") && end === lines.length - 1) end = lines.length;
  return { block: { type: "list", start: first === undefined ? undefined : Number(first), items }, end };
}

/** Takes the lines of one item without their indentation. Blank lines at its end are dropped. */
function takeItem(lines: readonly string[], at: number, width: number, indent: number): string[] {
  const inside = [(lines[at] ?? "").slice(width)];
  for (const [offset, line] of lines.slice(at + 1).entries()) {
    const spaces = /^ */.exec(line)?.[0].length ?? 0;
    const nested = marker.test(line) && spaces >= indent + 2;
    if (isBlank(line)) inside.push("");
    else if (spaces >= width || nested) inside.push(line.slice(Math.min(spaces, width)));
    else if (inside.at(-1) === "" || marker.test(line) || startsBlock(lines, at + 1 + offset)) break;
    else inside.push(line.trimStart());
  }
  while (inside.length > 1 && inside.at(-1) === "") inside.pop();
  return inside;
}

function parseItem(inside: readonly string[], open: boolean, depth: number): ListItem {
  const [, mark] = /^\[([ xX])\](?: |$)/.exec(inside[0] ?? "") ?? [];
  const lines = mark === undefined ? inside : [(inside[0] ?? "").slice(4), ...inside.slice(1)];
  return {
    done: mark === undefined ? undefined : mark !== " ",
    blocks: parseBlocks(lines, open, depth).map(({ block }) => block),
  };
}

function parseParagraph(lines: readonly string[], at: number, open: boolean): Parsed {
  let end = at + 1;
  while (end < lines.length && !isBlank(lines[end]) && !startsBlock(lines, end)) end++;
  const atEnd = open && end === lines.length;
  // A trailing space shows that the last word is complete.
  const own = lines
    .slice(at, end)
    .map((line, index) => (atEnd && at + index === end - 1 ? line.trimStart() : line.trim()));
  if (atEnd && own.length > 1 && undecided.test(own.at(-1) ?? "")) own.pop();
  return { block: { type: "paragraph", inline: parseInline(own.join("\n"), atEnd) }, end };
}

/** True if a paragraph ends before this line. */
function startsBlock(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  const [, , , number, space] = marker.exec(line) ?? [];
  // "in
  // 2024. It": a number at the start of a line rarely belongs to a list.
  if (space !== undefined && (number === undefined || number === "1")) return true;
  const other = [fence, heading, rule, quote].some((start) => start.test(line));
  return other || startsTable(lines, at, false) === true;
}

function isBlank(line: string | undefined): boolean {
  return line?.trim() === "";
}
