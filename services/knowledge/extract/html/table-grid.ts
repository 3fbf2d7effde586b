import { attributeOf, isElement, isHtmlElement, ariaRoleOf, walkTree, type HtmlElement } from "./html-tree.ts";

/** A cell as it stands at one place of the grid. A cell that spans places stands at each of them. */
export interface GridCell {
  element: HtmlElement;
  isHeader: boolean;
  /** `scope` as written, in lower case. */
  scope: string;
}

export interface TableGrid {
  rows: (GridCell | undefined)[][];
  /** Rows that the page itself marks as its head. */
  headRows: number;
  caption?: HtmlElement;
}

/** Wider or longer spans are mistakes, and would fill the memory. HTML allows 1000 and 65534. */
const maxSpan = 100;
const maxColumns = 200;

export function isTable(element: HtmlElement): boolean {
  const role = ariaRoleOf(element);
  if (isHtmlElement(element, "table")) return role !== "presentation" && role !== "none";
  return role === "table" || role === "grid";
}

function isRow(element: HtmlElement): boolean {
  return isHtmlElement(element, "tr") || ariaRoleOf(element) === "row";
}

function isHeaderCell(element: HtmlElement): boolean {
  return isHtmlElement(element, "th") || /^(?:column|row)header$/.test(ariaRoleOf(element));
}

function isCell(element: HtmlElement): boolean {
  return isHtmlElement(element, "td") || isHeaderCell(element) || /^(?:grid)?cell$/.test(ariaRoleOf(element));
}

/** Lays a table's cells out, with their spans, as a browser does. Tables inside its cells are left alone. */
export function readGrid(table: HtmlElement): TableGrid {
  const grid: TableGrid = { rows: [], headRows: 0 };
  const pending: Pending = new Map();
  let row: (GridCell | undefined)[] | undefined;
  walkTree(table, {
    enter: (node) => {
      if (!isElement(node) || node === table) return node === table;
      if (isHtmlElement(node, "caption")) grid.caption ??= node;
      else if (isRow(node)) {
        row = [];
        grid.rows.push(row);
        if (isInHead(node)) grid.headRows = grid.rows.length;
      } else if (isCell(node)) {
        if (row !== undefined) placeCell(node, row, pending);
        return false;
      }
      return !isHtmlElement(node, "caption") && !isTable(node);
    },
    leave: (node) => {
      if (!isElement(node) || !isRow(node) || row === undefined) return;
      fillPending(row, pending);
    },
  });
  return grid;
}

function isInHead(row: HtmlElement): boolean {
  return row.parentNode !== null && isHtmlElement(row.parentNode, "thead");
}

/** Cells of earlier rows that reach into the next ones, by column, with the number of rows still to come. */
type Pending = Map<number, { cell: GridCell; rows: number }>;

function placeCell(element: HtmlElement, row: (GridCell | undefined)[], pending: Pending): void {
  takePending(row, pending);
  if (row.length >= maxColumns) return;
  const role = ariaRoleOf(element);
  const scope = attributeOf(element, "scope")?.toLowerCase() ?? (role.endsWith("header") ? role.slice(0, -6) : "");
  const cell: GridCell = { element, isHeader: isHeaderCell(element), scope };
  const rows = spanOf(element, "rowspan");
  for (let place = 0; place < spanOf(element, "colspan") && row.length < maxColumns; place += 1) {
    if (rows > 1) pending.set(row.length, { cell, rows: rows - 1 });
    else pending.delete(row.length);
    row.push(cell);
  }
}

/** Repeats the cells of earlier rows that reach into this one, up to the next free place. */
function takePending(row: (GridCell | undefined)[], pending: Pending): void {
  for (let above = pending.get(row.length); above !== undefined; above = pending.get(row.length)) {
    if (above.rows === 1) pending.delete(row.length);
    else pending.set(row.length, { ...above, rows: above.rows - 1 });
    row.push(above.cell);
  }
}

function fillPending(row: (GridCell | undefined)[], pending: Pending): void {
  const last = Math.max(-1, ...pending.keys());
  while (row.length <= last) {
    if (pending.has(row.length)) takePending(row, pending);
    else row.push(undefined);
  }
}

function spanOf(element: HtmlElement, name: "rowspan" | "colspan"): number {
  const span = Number.parseInt(attributeOf(element, name) ?? attributeOf(element, `aria-${name}`) ?? "1", 10);
  return span >= 1 ? Math.min(span, maxSpan) : 1;
}
