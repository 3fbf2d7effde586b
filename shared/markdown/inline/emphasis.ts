import type { Inline } from "../syntax-tree.ts";

/** A run of `*`, `_` or `~` that may open or close emphasis. */
export interface Delimiter {
  readonly type: "delimiter";
  readonly marks: string;
  readonly opens: boolean;
  readonly closes: boolean;
  /** True while no text follows it. */
  readonly last: boolean;
}

/** Parsed inline part. An incomplete link is a `span` of its label's content. */
export type Piece = Inline | Delimiter | { readonly type: "span"; readonly inline: readonly Inline[] };

/** Maximum nesting: real texts need less, and each level is an element of the page. */
const maxNested = 16;

interface Opener {
  /** Marks of the run not yet paired. */
  marks: string;
  readonly closes: boolean;
  readonly length: number;
  /** Content since the opening run. */
  inline: Inline[];
}

/**
 * Pairs delimiters by CommonMark's rules.
 * @param open unclosed emphasis extends to the end
 */
export function resolveEmphasis(pieces: readonly Piece[], open: boolean): Inline[] {
  const stack: Opener[] = [{ marks: "", closes: false, length: 0, inline: [] }];
  const top = () => stack.at(-1)?.inline ?? [];
  for (const piece of pieces) {
    if (typeof piece === "string") append(top(), piece);
    else if (piece.type === "span") for (const part of piece.inline) append(top(), part);
    else if (piece.type !== "delimiter") top().push(piece);
    else takeDelimiter(piece, stack);
  }
  while (stack.length > 1) {
    const opener = stack.pop();
    if (opener === undefined) break;
    // Marks that nothing follows yet are left out.
    const marks = open ? "" : opener.marks;
    const inline = open && opener.inline.length > 0 ? wrap(opener.marks, opener.inline) : opener.inline;
    append(top(), marks);
    for (const part of inline) append(top(), part);
  }
  return top();
}

function takeDelimiter({ marks, opens, closes, last }: Delimiter, stack: Opener[]): void {
  let left = marks;
  while (left !== "") {
    const at = closes ? stack.findLastIndex((opener) => pairs(opener, left, opens, marks.length)) : -1;
    const opener = stack[at];
    if (at < 1 || opener === undefined) break;
    // The second half of the closing run has not arrived yet.
    if (last && opener.marks.length > left.length) return;
    for (const unclosed of stack.splice(at + 1)) {
      append(opener.inline, unclosed.marks);
      for (const part of unclosed.inline) append(opener.inline, part);
    }
    const length = Math.min(2, opener.marks.length, left.length);
    const inside: Inline = { type: typeOf(left, length), inline: opener.inline };
    left = left.slice(length);
    opener.marks = opener.marks.slice(length);
    opener.inline = [inside];
    if (opener.marks !== "") continue;
    stack.pop();
    stack.at(-1)?.inline.push(inside);
  }
  // The next character tells whether the run opens something.
  if (left === "" || last) return;
  if (!opens) {
    append(stack.at(-1)?.inline ?? [], left);
    return;
  }
  if (stack.length === maxNested) dropOldest(stack);
  stack.push({ marks: left, closes, length: marks.length, inline: [] });
}

/** Turns the outermost open run into text: nothing has closed it for long. */
function dropOldest(stack: Opener[]): void {
  const [oldest] = stack.splice(1, 1);
  const outer = stack[0]?.inline;
  if (oldest === undefined || outer === undefined) return;
  append(outer, oldest.marks);
  for (const part of oldest.inline) append(outer, part);
}

function pairs(opener: Opener, marks: string, opens: boolean, length: number): boolean {
  if (opener.marks === "" || opener.marks[0] !== marks[0]) return false;
  // CommonMark's rule of three: `*a**b*` is one emphasis.
  const both = opens || opener.closes;
  return !both || (opener.length + length) % 3 !== 0 || (opener.length % 3 === 0 && length % 3 === 0);
}

function wrap(marks: string, inline: Inline[]): Inline[] {
  if (marks === "") return inline;
  const length = Math.min(2, marks.length);
  return wrap(marks.slice(length), [{ type: typeOf(marks, length), inline }]);
}

function typeOf(marks: string, length: number): "strong" | "em" | "del" {
  if (marks.startsWith("~")) return "del";
  return length === 2 ? "strong" : "em";
}

/** Adds a piece, and merges adjacent texts. */
function append(inline: Inline[], piece: Inline): void {
  const last = inline.at(-1);
  if (typeof piece === "string" && typeof last === "string") inline[inline.length - 1] = last + piece;
  else if (piece !== "") inline.push(piece);
}
