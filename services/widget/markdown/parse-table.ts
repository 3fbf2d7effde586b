import { parseInline } from "./parse-inline.ts";
import type { Cell, Parsed } from "./syntax-tree.ts";

/** Detects a table by its second line; `undecided` while that line is incomplete. */
export function startsTable(lines: readonly string[], at: number, open: boolean): boolean | "undecided" {
  const [head = "", rule] = lines.slice(at, at + 2);
  if (!head.includes("|")) return false;
  const left = lines.length - at;
  const mayFollow = open && /^\s*\|/.test(head) && (left === 1 || (left === 2 && /^[\s|:-]*$/.test(rule ?? "")));
  if (rule !== undefined && isRule(rule) && split(rule).length === split(head).length) return true;
  return mayFollow ? "undecided" : false;
}

export function parseTable(lines: readonly string[], at: number, open: boolean): Parsed {
  const aligns = split(lines[at + 1] ?? "").map(readAlign);
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end++;
  const read = (line: string, isLast: boolean): Cell[] => {
    const cells = split(line);
    return aligns.map((align, index) => {
      const growing = isLast && index === cells.length - 1;
      return { align, inline: parseInline(cells[index] ?? "", growing) };
    });
  };
  const rows = lines.slice(at + 2, end).map((line, index) => read(line, open && at + 3 + index === lines.length));
  return { block: { type: "table", head: read(lines[at] ?? "", false), rows }, end };
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
