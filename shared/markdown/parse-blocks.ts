import { isBlank, type Parsed, readMarker, type Resume, type Scope } from "./block-lines.ts";
import { fence, heading, quote, rule, startsBlock, undecided } from "./block-starts.ts";
import { parseFence } from "./parse-fence.ts";
import { parseInline } from "./inline/parse-inline.ts";
import { parseList } from "./parse-list.ts";
import { cutAtPipe, parseTable, startsTable } from "./parse-table.ts";
import type { Block } from "./syntax-tree.ts";

/** Maximum nesting of blocks; deeper ones are text. */
const maxDepth = 12;

/**
 * Parses markdown as models write it, GitHub's dialect, except for constructs that need to look ahead or back. A line
 * of `---` or `===` makes no heading of the line before. Indented text is no code. Links have their address beside
 * them. HTML is text. So a block on the page keeps its type while text is added, and a block is final once another one
 * has begun.
 * @param resume continues the block that the lines begin within
 */
export function parseBlocks(lines: readonly string[], scope: Scope, resume?: Resume): Parsed[] {
  const blocks = resume === undefined ? [] : [resume.parse(lines, scope)];
  for (let at = blocks[0]?.end ?? 0; at < lines.length;) {
    if (isBlank(lines[at])) {
      at++;
      continue;
    }
    const parsed = parseBlock(lines, at, scope);
    if (parsed === undefined) break;
    blocks.push(parsed);
    at = parsed.end;
  }
  return blocks;
}

/** @returns `undefined` while the block's type is undecided */
function parseBlock(lines: readonly string[], at: number, scope: Scope): Parsed | undefined {
  const { open, depth } = scope;
  const line = lines[at] ?? "";
  const isLast = open && at === lines.length - 1;
  if (fence.test(line)) return parseFence(lines, at, open);
  if (isLast && undecided.test(line)) return undefined;
  if (heading.test(line)) return { block: parseHeading(line, isLast), end: at + 1 };
  if (rule.test(line)) return { block: { type: "rule" }, end: at + 1 };
  if (quote.test(line) && depth < maxDepth) return parseQuote(lines, at, scope);
  if (depth < maxDepth && readMarker(line) !== undefined) return parseList(lines, at, scope);
  const table = startsTable(lines, at, open);
  if (table === "undecided") return undefined;
  return table ? parseTable(lines, at, open) : parseParagraph(lines, at, open);
}

function parseHeading(line: string, open: boolean): Block {
  const [whole, marks = ""] = heading.exec(line) ?? [""];
  const text = line.slice(whole.length);
  let end = text.trimEnd().length;
  while (text[end - 1] === "#") end--;
  // Marks at the end belong to the heading if a blank is before them.
  const isClosed = end === 0 || /[ \t]/.test(text[end - 1] ?? "");
  return {
    type: "heading",
    depth: marks.length,
    inline: parseInline((isClosed ? text.slice(0, end) : text).trim(), open),
  };
}

function parseQuote(lines: readonly string[], at: number, { open, readInside }: Scope): Parsed {
  const inside: string[] = [];
  let end = at;
  for (; end < lines.length; end++) {
    const line = lines[end] ?? "";
    if (!quote.test(line) && (isBlank(line) || isBlank(inside.at(-1)) || startsBlock(lines, end))) break;
    inside.push(line.replace(quote, ""));
  }
  return { block: { type: "quote", blocks: readInside(inside, open && end === lines.length) }, end };
}

function parseParagraph(lines: readonly string[], at: number, open: boolean): Parsed {
  let end = at + 1;
  while (end < lines.length && !isBlank(lines[end]) && !startsBlock(lines, end)) {
    if (startsTable(lines, end, open) === "undecided") break;
    end++;
  }
  const atEnd = open && end === lines.length;
  // A trailing space shows that the last word is complete.
  const own = lines
    .slice(at, end)
    .map((line, index) => (atEnd && at + index === end - 1 ? line.trimStart() : line.trim()));
  if (atEnd && own.length > 1 && undecided.test(own.at(-1) ?? "")) own.pop();
  const mayBeHead = atEnd || (open && end === lines.length - 1 && lines[end] === "");
  if (mayBeHead) own.push(cutAtPipe(own.pop() ?? ""));
  return { block: { type: "paragraph", inline: parseInline(own.join("\n"), atEnd) }, end };
}
