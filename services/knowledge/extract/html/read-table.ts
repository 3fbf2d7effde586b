import type { ExtractedLine } from "../extracted-page.ts";
import { countLetters } from "../visible-text.ts";
import { findElements, isHtmlElement, rawTextOf, type HtmlElement } from "./html-tree.ts";
import { isTable, readGrid, type GridCell, type TableGrid } from "./table-grid.ts";

/** Reads the text of one cell, in one line. */
export type CellReader = (cell: HtmlElement) => string;

/** Stands for a cell that the page left empty, so that no neighbour's value is read in its place. */
const emptyValue = "–";
const maxPlainCellLetters = 200;
const maxSectionLetters = 60;

/**
 * Reads a table into a line for each row, in which each value has its column's name:
 * `Country: Spain · Standard: 12.50 · Express: –`. Returns undefined for a table that only arranges the page.
 */
export function readTable(table: HtmlElement, readCell: CellReader): ExtractedLine[] | undefined {
  const grid = readGrid(table);
  if (!isDataTable(grid)) return undefined;
  return readRows(grid, readCell).map((text) => ({ text }));
}

function isDataTable({ rows, caption }: TableGrid): boolean {
  const cells = [...new Set(rows.flat())].filter((cell) => cell !== undefined);
  if (cells.some(({ element }) => findElements(element, isTable).length > 0)) return false;
  if (cells.some(({ isHeader }) => isHeader)) return true;
  if (caption !== undefined) return true;
  if (!rows.some((row) => new Set(row).size > 1)) return false;
  return cells.every(({ element }) => {
    const hasHeading = findElements(element, (inner) => /^h[1-6]$/.test(inner.tagName)).length > 0;
    return !hasHeading && countLetters(rawTextOf(element)) <= maxPlainCellLetters;
  });
}

type Row = (GridCell | undefined)[];

function readRows(grid: TableGrid, readCell: CellReader): string[] {
  const texts = new Map<GridCell | undefined, string>();
  const textOf = (cell: GridCell | undefined): string => {
    const text = texts.get(cell) ?? (cell === undefined ? "" : readCell(cell.element));
    texts.set(cell, text);
    return text;
  };
  const rows = grid.rows.filter((row) => row.some((cell) => textOf(cell) !== ""));
  const width = Math.max(0, ...rows.map((row) => row.length));
  const head = headOf(grid, rows, textOf);
  const lines = grid.caption === undefined ? [] : [readCell(grid.caption)];
  let names: string[][] = [];
  let inHead = false;
  let section = "";
  for (const [index, row] of rows.entries()) {
    const whole = wholeRowText(row, width, textOf);
    const isHead = index < head || (whole === undefined && isHeaderRow(row, textOf) && index < rows.length - 1);
    if (whole !== undefined) {
      section = isSection(row, whole) && !isHead ? whole : "";
      if (section === "" || !followsRow(rows[index + 1], width, textOf)) lines.push(whole);
    } else if (isHead) {
      names = inHead ? names : [];
      addNames(names, row, textOf);
    } else {
      const line = describeRow(row, names, textOf);
      if (line !== "") lines.push(section === "" ? line : `${section} · ${line}`);
    }
    inHead = isHead && whole === undefined;
  }
  return lines.filter((line) => line !== "");
}

type TextOf = (cell: GridCell | undefined) => string;

/** Number of leading rows that name the columns. */
function headOf(grid: TableGrid, rows: readonly Row[], textOf: TextOf): number {
  const marked = grid.rows.slice(0, grid.headRows).filter((row) => rows.includes(row)).length;
  if (marked > 0) return marked < rows.length ? marked : 0;
  if (rows.some((row) => row.some((cell) => cell?.isHeader))) return 0;
  return looksLikeHead(rows, textOf) ? 1 : 0;
}

/** Tells whether the first row of a table without header cells names the columns. In doubt it does not. */
function looksLikeHead(rows: readonly Row[], textOf: TextOf): boolean {
  const [first = [], ...others] = rows;
  const texts = first.map(textOf);
  if (others.length === 0 || first.length < 2 || texts.slice(1).includes("")) return false;
  const isBold = (cell: GridCell | undefined) =>
    cell === undefined || countLetters(boldText(cell)) === countLetters(textOf(cell));
  if (first.every(isBold) && !others.some((row) => row.every(isBold))) return true;
  if (new Set(texts).size < texts.length || texts.some((text) => /\d/.test(text))) return false;
  const isNumeric = (column: number) => {
    const values = others.map((row) => textOf(row[column])).filter((text) => text !== "");
    return values.length > 0 && values.every((text) => /\d/.test(text));
  };
  // "Monday | closed" looks like a head, too: two columns of numbers are asked for.
  return texts.filter((_, column) => column > 0 && isNumeric(column)).length >= 2;
}

function boldText({ element }: GridCell): string {
  return findElements(element, (inner) => isHtmlElement(inner, "b", "strong"))
    .map(rawTextOf)
    .join("");
}

function isHeaderRow(row: Row, textOf: TextOf): boolean {
  const filled = new Set(row.filter((cell) => textOf(cell) !== ""));
  return filled.size > 1 && [...filled].every((cell) => cell?.isHeader && !cell.scope.startsWith("row"));
}

/** Text of a row that is one cell over the whole width: a title, a section or a remark. */
function wholeRowText(row: Row, width: number, textOf: TextOf): string | undefined {
  const cells = new Set(row);
  return width > 1 && cells.size === 1 ? textOf(row[0]) : undefined;
}

function isSection(row: Row, text: string): boolean {
  if (countLetters(text) > maxSectionLetters) return false;
  return row[0]?.isHeader === true || !/^[*†¹]|[.!?]$/.test(text);
}

function followsRow(next: Row | undefined, width: number, textOf: TextOf): boolean {
  return next !== undefined && wholeRowText(next, width, textOf) === undefined;
}

function addNames(names: string[][], row: Row, textOf: TextOf): void {
  for (const [column, cell] of row.entries()) {
    const name = textOf(cell);
    const above = (names[column] ??= []);
    if (name !== "" && !above.includes(name)) above.push(name);
  }
}

interface RowValue {
  name: string;
  text: string;
  cell: GridCell;
}

function describeRow(row: Row, names: readonly string[][], textOf: TextOf): string {
  const values: RowValue[] = [];
  for (const [column, cell] of row.entries()) {
    if (cell === undefined) continue;
    const name = names[column]?.join(", ") ?? "";
    const last = values.at(-1);
    if (last?.cell !== cell) values.push({ name, text: textOf(cell), cell });
    else if (name !== "" && !last.name.split(" / ").includes(name)) last.name += last.name === "" ? name : ` / ${name}`;
  }
  if (values.every(({ text }) => text === "")) return "";
  if (values.some(({ name }) => name !== ""))
    return values
      .map(describeValue)
      .filter((part) => part !== "")
      .join(" · ");
  const [first = "", ...rest] = values.map(({ text }) => text).filter((text) => text !== "");
  return rest.length === 0 ? first : `${first}${/[:?!.]$/.test(first) ? "" : ":"} ${rest.join(" · ")}`;
}

function describeValue({ name, text, cell }: RowValue, index: number): string {
  if (text !== "") return name === "" ? text : `${name.replace(/:$/, "")}: ${text}`;
  // A picture without a description may mean yes or no. The first cell is the row's name.
  if (name === "" || index === 0 || findElements(cell.element, isPicture).length > 0) return "";
  return `${name.replace(/:$/, "")}: ${emptyValue}`;
}

function isPicture(element: HtmlElement): boolean {
  return ["i", "img", "input", "span", "svg"].includes(element.tagName);
}
