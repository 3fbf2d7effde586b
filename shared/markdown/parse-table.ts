import type { Parsed } from "./block-lines.ts";
import { parseInline } from "./inline/parse-inline.ts";
import type { Cell } from "./syntax-tree.ts";

/** Short rows of wider tables get no empty cells: their number would be the product of rows and columns. */
const maxFilledColumns = 20;
/** A longer line or a longer start of one is taken for prose: it is not held back because of a `|`. */
const maxHeldChars = 120;

type Row = readonly Cell[];

/** Detects a table by its second line; `undecided` while that line is incomplete. */
export function startsTable(lines: readonly string[], at: number, open: boolean): boolean | "undecided" {
  const [head = "", rule] = [lines[at], lines[at + 1]];
  if (!head.includes("|")) return false;
  if (rule !== undefined && isRule(rule) && split(rule).length === split(head).length) return true;
  const left = lines.length - at;
  if (!open || left > 2 || !/^[\s|:-]*$/.test(rule ?? "")) return false;
  const mayFollow = startsWithPipe(head) || (rule !== undefined && rule.trim() !== "");
  return mayFollow ? "undecided" : false;
}

/**
 * Returns the part of a growing line that is shown whether it becomes the head of a table or not: without pipes around
 * it, the line looks like text.
 */
export function cutAtPipe(line: string): string {
  if (line.length > maxHeldChars || !line.includes("|")) return line;
  const withoutCode = line.replace(/`[^`]*`?/g, (code) => " ".repeat(code.length));
  const pipe = withoutCode.search(/(?<!\\)\|/);
  return pipe === -1 ? line : line.slice(0, pipe).trimEnd();
}

export function parseTable(lines: readonly string[], at: number, open: boolean): Parsed {
  const aligns = split(lines[at + 1] ?? "").map(readAlign);
  const head = readRow(lines[at] ?? "", aligns, false);
  const isBare = !startsWithPipe(lines[at] ?? "");
  return readRows(lines, at + 2, open, { aligns, head, rows: [], isBare });
}

interface OpenTable {
  readonly aligns: readonly Cell["align"][];
  readonly head: Row;
  /** Rows that are final. */
  readonly rows: readonly Row[];
  /** True without pipes around the rows. */
  readonly isBare: boolean;
}

function readRows(lines: readonly string[], at: number, open: boolean, table: OpenTable): Parsed {
  const { aligns, head, isBare } = table;
  const rows = [...table.rows];
  let end = at;
  for (; end < lines.length && (lines[end] ?? "").includes("|"); end++) {
    rows.push(readRow(lines[end] ?? "", aligns, open && end === lines.length - 1));
  }
  const last = lines.length - 1;
  // The rows before the last line are final.
  const settled = { ...table, rows: end === lines.length ? rows.slice(0, -1) : rows };
  const resumes = end >= last && last >= at;
  // A row without an outer pipe begins like text.
  if (isBare && open && end === last && (lines[end] ?? "").length <= maxHeldChars) end++;
  return {
    block: { type: "table", head, rows },
    end,
    resume: resumes ? { at: last, parse: (more, scope) => readRows(more, 0, scope.open, settled) } : undefined,
  };
}

function readRow(line: string, aligns: OpenTable["aligns"], growing: boolean): Row {
  const cells = split(line);
  const filled = aligns.length > maxFilledColumns ? aligns.slice(0, cells.length) : aligns;
  return filled.map((align, index) => ({
    align,
    inline: parseInline(cells[index] ?? "", growing && index === cells.length - 1),
  }));
}

function startsWithPipe(line: string): boolean {
  return /^\s*\|/.test(line);
}

function isRule(line: string): boolean {
  return line.includes("-") && split(line).every((cell) => /^:?-+:?$/.test(cell));
}

function readAlign(cell: string): Cell["align"] {
  const [left, right] = [cell.startsWith(":"), cell.endsWith(":")];
  return left && right ? "center" : right ? "right" : left ? "left" : undefined;
}

function split(line: string): string[] {
  const bare = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return bare.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
