import type { LineCell, PageLine } from "./page-lines.ts";

/** Farthest that a value may stand from the edges of its column's name, in heights of the text. */
const maxOffset = 1.5;

/**
 * Reads the lines of tables with the names of their columns, found by their places: `Country: Spain · Standard: 12.50 ·
 * Express: –`. Lines with several cells outside of such tables keep their cells apart.
 */
export function nameCells(lines: readonly PageLine[]): { line: PageLine; text: string; isRow: boolean }[] {
  let head: PageLine | undefined;
  return lines.flatMap((line, index) => {
    if (isHead(line, lines.slice(index + 1, index + 3))) {
      head = line;
      return [];
    }
    const named = head === undefined ? undefined : nameRow(line, head);
    if (named !== undefined) return [{ line, text: named, isRow: true }];
    if (line.cells.length > 1 || head !== undefined) head = undefined;
    return [{ line, text: line.cells.map(({ text }) => text).join(" · "), isRow: line.cells.length > 1 }];
  });
}

/** A head has three names at least, without digits, and two rows with numbers below it. */
function isHead(line: PageLine, next: readonly PageLine[]): boolean {
  if (line.cells.length < 2 || line.cells.some(({ text }) => /\d/.test(text) || text.length > 40)) return false;
  const rows = next.filter((row) => row.cells.length > 1 && nameRow(row, line) !== undefined);
  const numeric = rows.filter(({ cells }) => cells.slice(1).every(({ text }) => /\d/.test(text)));
  return numeric.length === 2 && (line.cells.length > 2 || rows.every(({ cells }) => cells.length === 2));
}

function nameRow(line: PageLine, head: PageLine): string | undefined {
  if (line.cells.length > head.cells.length) return undefined;
  const texts = new Map<LineCell, string>();
  for (const cell of line.cells) {
    const column = columnOf(cell, head, line.height);
    if (column === undefined || texts.has(column)) return undefined;
    texts.set(column, cell.text);
  }
  const [first] = head.cells;
  // A line below a table starts where the first column does, and has nothing else.
  if (texts.size < 2 || first === undefined || !texts.has(first)) return undefined;
  return head.cells.map((column) => `${column.text}: ${texts.get(column) ?? "–"}`).join(" · ");
}

function columnOf(cell: LineCell, head: PageLine, height: number): LineCell | undefined {
  const offsets = head.cells.map((column) => {
    const centres = Math.abs((cell.x + cell.end) / 2 - (column.x + column.end) / 2);
    return { column, offset: Math.min(Math.abs(cell.x - column.x), Math.abs(cell.end - column.end), centres) };
  });
  const nearest = offsets.toSorted((one, other) => one.offset - other.offset)[0];
  return nearest !== undefined && nearest.offset <= maxOffset * Math.max(height, head.height)
    ? nearest.column
    : undefined;
}
