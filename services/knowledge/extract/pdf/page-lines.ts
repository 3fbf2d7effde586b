import { visibleText } from "../visible-text.ts";

/** A piece of text at its place on a page, in points from the lower left corner. */
export interface PlacedText {
  text: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Text without a wide gap inside: a line of prose, or a cell of a table. */
export interface LineCell {
  text: string;
  x: number;
  end: number;
}

export interface PageLine {
  cells: LineCell[];
  y: number;
  height: number;
}

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const leftToRight = /[\p{L}\p{N}]/u;
/** Gaps in heights of the text: from the first on a blank is written, from the second on a cell begins. */
const blankGap = 0.15;
const cellGap = 1.6;

/**
 * Puts the pieces of a page together to lines, by their places and in the order of the file. A line ends where the next
 * piece is on another height. Pieces of a line of Hebrew or Arabic are read from the right.
 */
export function buildLines(pieces: readonly PlacedText[]): PageLine[] {
  const lines: PlacedText[][] = [];
  for (const piece of pieces) {
    if (visibleText(piece.text) === "") continue;
    const line = lines.at(-1);
    const last = line?.at(-1);
    const isSame = last !== undefined && Math.abs(last.y - piece.y) < 0.4 * Math.max(last.height, piece.height);
    if (line === undefined || !isSame) lines.push([piece]);
    else if (!line.some((other) => isOverprint(other, piece))) line.push(piece);
  }
  return readAcrossColumns(lines.map(toLine));
}

/** The same text almost at the same place makes it look bold. */
function isOverprint(one: PlacedText, other: PlacedText): boolean {
  return one.text === other.text && Math.abs(one.x - other.x) < 0.2 * one.height;
}

function toLine(pieces: PlacedText[]): PageLine {
  const text = pieces.map((piece) => piece.text).join("");
  const isReversed = countOf(text, rightToLeft) > countOf(text, leftToRight) / 2;
  const sorted = pieces.toSorted((one, other) => one.x - other.x);
  const cells: LineCell[] = [];
  let before: PlacedText | undefined;
  const runs: PlacedText[][] = [];
  for (const piece of sorted) {
    const gap = before === undefined ? Infinity : (piece.x - before.x - before.width) / Math.max(1, piece.height);
    if (gap > cellGap) runs.push([]);
    runs.at(-1)?.push(piece);
    before = piece;
  }
  for (const run of runs) cells.push(toCell(run, isReversed));
  const [first] = pieces;
  return {
    cells: isReversed ? cells.toReversed() : cells,
    y: first?.y ?? 0,
    height: Math.max(...pieces.map(({ height }) => height)),
  };
}

function countOf(text: string, kind: RegExp): number {
  return text.match(new RegExp(kind, "gu"))?.length ?? 0;
}

function toCell(pieces: PlacedText[], isReversed: boolean): LineCell {
  const words = pieces.map((piece, index) => {
    const before = pieces[index - 1];
    const gap = before === undefined ? 0 : (piece.x - before.x - before.width) / Math.max(1, piece.height);
    return { text: piece.text, isApart: gap > blankGap || /^\s/.test(piece.text) || /\s$/.test(before?.text ?? "") };
  });
  const last = pieces.at(-1);
  return {
    text: visibleText(
      isReversed ? joinReversed(words) : words.map(({ text, isApart }) => (isApart ? ` ${text}` : text)).join(""),
    ),
    x: pieces[0]?.x ?? 0,
    end: (last?.x ?? 0) + (last?.width ?? 0),
  };
}

/** Reads words from the right, but runs of words in Latin letters and numbers from the left. */
function joinReversed(words: { text: string; isApart: boolean }[]): string {
  let text = "";
  let run = "";
  let runBlank = "";
  let blank = "";
  for (const word of words.toReversed()) {
    if (rightToLeft.test(word.text)) {
      text += (run === "" ? "" : runBlank + run) + blank + word.text;
      run = "";
    } else if (run === "") {
      runBlank = blank;
      run = word.text;
    } else {
      run = word.text + blank + run;
    }
    blank = word.isApart ? " " : "";
  }
  return run === "" ? text : text + runBlank + run;
}

const minColumnLines = 4;
const minColumnLetters = 18;

/** Reads columns one after the other where the file writes them line by line across. Cells of tables are shorter. */
function readAcrossColumns(lines: PageLine[]): PageLine[] {
  const read: PageLine[] = [];
  let block: PageLine[] = [];
  const flush = () => {
    read.push(...(isColumns(block) ? splitColumns(block) : block));
    block = [];
  };
  for (const line of lines) {
    if (line.cells.length !== 2) flush();
    if (line.cells.length === 2) block.push(line);
    else read.push(line);
  }
  flush();
  return read;
}

function isColumns(block: readonly PageLine[]): boolean {
  if (block.length < minColumnLines) return false;
  const isWordy = (index: number) => {
    const texts = block.map(({ cells }) => cells[index]?.text ?? "");
    const letters = texts.reduce((sum, text) => sum + text.length, 0);
    return letters / texts.length >= minColumnLetters;
  };
  const starts = block.map(({ cells }) => cells[1]?.x ?? 0);
  return isWordy(0) && isWordy(1) && Math.max(...starts) - Math.min(...starts) < 3;
}

function splitColumns(block: readonly PageLine[]): PageLine[] {
  return [0, 1].flatMap((index) => {
    return block.flatMap((line) => {
      const cell = line.cells[index];
      return cell === undefined ? [] : [{ ...line, cells: [cell] }];
    });
  });
}
