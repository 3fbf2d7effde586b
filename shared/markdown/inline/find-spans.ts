import { readTarget } from "./link-target.ts";

/** A part of a text that is read apart from the text around it. */
export type InlineSpan =
  | { readonly type: "code"; readonly marks: number; readonly close: number; readonly end: number }
  | { readonly type: "autolink"; readonly href: string; readonly end: number }
  /** An opening bracket whose label has not ended yet. */
  | { readonly type: "label" }
  /** A link or an image. Without an address, its target has not ended yet. */
  | { readonly type: "link"; readonly close: number; readonly href: string | undefined; readonly end: number };

/** By the index of its first character; of an image, the index of its bracket. */
export type Spans = ReadonlyMap<number, InlineSpan>;

interface Bracket {
  readonly at: number;
  readonly image: boolean;
}

const next = /[\\`<[\]]/g;
const autolink = /<((?:https?:\/\/|mailto:)[^\s<>]+)>/iy;

/**
 * Finds code, links and images in one pass. Code and `<…>` come first: a bracket or a backslash within them has no
 * meaning. A link contains no other link, so the inner one counts.
 * @param open the text grows
 */
export function findSpans(text: string, open: boolean): Spans {
  const spans = new Map<number, InlineSpan>();
  const brackets: Bracket[] = [];
  /** Number of opening brackets around the last link: they begin images only. */
  let closed = 0;
  const runs = new CodeRuns(text);
  let escaped = 0;
  for (let at = 0; (at = indexFrom(text, at)) < text.length;) {
    const sign = text[at];
    if (sign === "\\") {
      at += 2;
      escaped = at;
    } else if (sign === "`") {
      const code = runs.read(at, open);
      if (code.end > at + code.marks) spans.set(at, code);
      at = code.end;
    } else if (sign === "<") {
      autolink.lastIndex = at;
      const [whole, href] = autolink.exec(text) ?? [];
      if (whole === undefined || href === undefined) at++;
      else {
        spans.set(at, { type: "autolink", href, end: at + whole.length });
        at += whole.length;
      }
    } else if (sign === "[") {
      brackets.push({ at, image: text[at - 1] === "!" && at > escaped });
      at++;
    } else {
      const opening = brackets.pop();
      const mayClose = opening?.image === true || brackets.length >= closed;
      const link = opening !== undefined && mayClose ? readLink(text, opening, at, open) : undefined;
      at = link?.end ?? at + 1;
      closed = Math.min(closed, brackets.length);
      if (link === undefined) continue;
      spans.set(link.opening.at, { type: "link", close: link.close, href: link.href, end: link.end });
      if (!link.opening.image) closed = brackets.length;
    }
  }
  const labels = open ? brackets.filter(({ image }, index) => image || index >= closed) : [];
  for (const { at } of labels) spans.set(at, { type: "label" });
  return spans;
}

/** Reads the link whose label ends at `close`. */
function readLink(text: string, opening: Bracket, close: number, open: boolean) {
  const target = open && close + 1 === text.length ? "growing" : readTarget(text, close + 1);
  if (target === undefined || (target === "growing" && !open)) return undefined;
  if (target === "growing") return { opening, close, href: undefined, end: text.length };
  return { opening, close, ...target };
}

/** Pairs runs of backticks. */
class CodeRuns {
  readonly #text: string;
  /** For each length, the positions of its runs in reverse order. */
  readonly #byLength = new Map<number, number[]>();

  constructor(text: string) {
    this.#text = text;
    for (const { 0: run, index } of Array.from(text.matchAll(/`+/g)).toReversed()) {
      const positions = this.#byLength.get(run.length) ?? [];
      this.#byLength.set(run.length, positions);
      positions.push(index);
    }
  }

  /** Reads the code that begins at an index, which only ever grows. Without a closing run, `end` is behind the marks. */
  read(at: number, open: boolean): Extract<InlineSpan, { type: "code" }> {
    let marks = 1;
    while (this.#text[at + marks] === "`") marks++;
    const positions = this.#byLength.get(marks) ?? [];
    while ((positions.at(-1) ?? Infinity) <= at) positions.pop();
    const close = positions.at(-1);
    if (close !== undefined) return { type: "code", marks, close, end: close + marks };
    const { length } = this.#text;
    if (!open) return { type: "code", marks, close: at + marks, end: at + marks };
    // The last run may be the begin of the closing one.
    let end = length;
    while (end > at + marks && this.#text[end - 1] === "`") end--;
    return { type: "code", marks, close: end, end: length };
  }
}

function indexFrom(text: string, at: number): number {
  next.lastIndex = at;
  return next.exec(text)?.index ?? text.length;
}
