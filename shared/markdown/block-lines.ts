import type { Block } from "./syntax-tree.ts";

/** A block, and the number of the line after it. */
export interface Parsed {
  readonly block: Block;
  readonly end: number;
  readonly resume?: Resume | undefined;
}

/** Continues a block of several parts when its text has grown, without a new parse of the parts that are final. */
export interface Resume {
  /** Number of the first line that is parsed again. */
  readonly at: number;
  readonly parse: (lines: readonly string[], scope: Scope) => Parsed;
}

/** Surroundings of the lines that are parsed. */
export interface Scope {
  /** The text is still growing: open marks at its end are closed, and undecided ones are held back. */
  readonly open: boolean;
  /** Number of quotes and lists around the lines. */
  readonly depth: number;
  /** Parses the lines within a quote or an item. Of open ones, there is one at a time. */
  readonly readInside: (lines: readonly string[], open: boolean) => readonly Block[];
}

/** Start of an item. Columns count a tab as the spaces up to the next multiple of four. */
export interface Marker {
  /** Column at which the marker begins. */
  readonly indent: number;
  /** Column at which the content begins. */
  readonly width: number;
  readonly number: string | undefined;
  readonly content: string;
}

const tabWidth = 4;
const marker = /^([ \t]*)([-*+]|(\d{1,9})[.)])(?:([ \t]+)(?=\S)|[ \t]*$)/;

export function readMarker(line: string): Marker | undefined {
  const [whole, before = "", sign = "", number, space = " "] = marker.exec(line) ?? [];
  if (whole === undefined) return undefined;
  const indent = columnsOf(before, 0);
  const begin = indent + sign.length;
  const columns = columnsOf(space, begin);
  const isCode = columns - begin > tabWidth;
  const rest = line.slice(whole.length);
  return {
    indent,
    width: isCode ? begin + 1 : columns,
    number,
    content: isCode ? " ".repeat(columns - begin - 1) + rest : rest,
  };
}

/** Returns the column of the first character that is no blank. */
export function indentOf(line: string): number {
  return columnsOf(/^[ \t]*/.exec(line)?.[0] ?? "", 0);
}

/** Removes up to `columns` of indentation; spaces replace the rest of a tab. */
export function stripIndent(line: string, columns: number): string {
  let [at, column] = [0, 0];
  for (; column < columns && (line[at] === " " || line[at] === "\t"); at++) column = columnsOf(line.charAt(at), column);
  return " ".repeat(Math.max(0, column - columns)) + line.slice(at);
}

export function isBlank(line: string | undefined): boolean {
  return line?.trim() === "";
}

function columnsOf(blanks: string, from: number): number {
  let column = from;
  for (const blank of blanks) column += blank === "\t" ? tabWidth - (column % tabWidth) : 1;
  return column;
}
