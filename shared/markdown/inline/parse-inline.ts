import { eastAsian } from "../../protocol/text/address-characters.ts";
import { BareAddressReader } from "./bare-address.ts";
import { readDelimiter } from "./delimiters.ts";
import { type Piece, resolveEmphasis } from "./emphasis.ts";
import { decodeEntities } from "./entities.ts";
import { findSpans, type InlineSpan, type Spans } from "./find-spans.ts";
import { type Mark, takeMarks } from "./take-marks.ts";
import type { Inline } from "../syntax-tree.ts";

/** Result of a parse: the index after it and the node. */
interface ParsedPiece {
  readonly end: number;
  readonly piece: Piece;
}

/** Maximum nesting of links; an image in a link is the deepest useful case. */
const maxLinks = 2;

/** A closing bracket may be the end of a label. */
const plain = /[^\\`!<&[\]*_~\n\p{L}\p{N}]+/uy;
/** A word, up to where the script changes: an address may begin there. */
const word = new RegExp(`[${eastAsian}]+|(?:(?![${eastAsian}])[\\p{L}\\p{N}])+`, "uy");
const blanks = /[ \t]*/y;
const escape = /\\[!-/:-@[-`{-~]/y;
const reference = /&(?:#\w{1,7}|\w{2,8});/y;
const lineBreak = /<br[ \t]*\/?>/iy;
/** Texts at the end of a growing reply that may become a reference, a line break or an address in angle brackets. */
const growingReference = /&#?\w{0,8}$/y;
const growingBreak = /<(?:b(?:r[ \t]*\/?)?)?$/iy;
const growingAutolink = /<(?=(?:https?:\/\/|mailto:)[^\s<>]*$)/iy;
const schemes = ["<https://", "<http://", "<mailto:"];

/** @param open the text grows: open marks are closed, undecided ones are left out */
export function parseInline(text: string, open: boolean): Inline[] {
  const { plain: own, marks } = takeMarks(text);
  return new InlineParser(own, open, marks).parse(0, own.length, 0);
}

class InlineParser {
  readonly #text: string;
  readonly #open: boolean;
  readonly #spans: Spans;
  readonly #addresses: BareAddressReader;
  readonly #marks: Mark[];

  constructor(text: string, open: boolean, marks: readonly Mark[]) {
    this.#text = text;
    this.#marks = [...marks];
    this.#open = open;
    this.#spans = findSpans(text, open);
    this.#addresses = new BareAddressReader(text, open);
  }

  /** @param links number of link labels around the part */
  parse(begin: number, end: number, links: number): Inline[] {
    const pieces: Piece[] = links === 0 ? this.#marksUntil(begin) : [];
    let labels = links;
    for (let at = begin; at < end;) {
      const parsed = this.#readSpan(at, labels) ?? this.#readSign(at) ?? this.#readText(at, labels);
      if (this.#spans.get(parsed.end - 1)?.type === "label") labels++;
      pieces.push(parsed.piece);
      at = parsed.end;
      // A number within a link follows it: it is a control of its own.
      if (labels === 0) pieces.push(...this.#marksUntil(at));
    }
    return resolveEmphasis(pieces, this.#open && end === this.#text.length);
  }

  #marksUntil(at: number): Piece[] {
    const after = this.#marks.findIndex((mark) => mark.at > at);
    return this.#marks.splice(0, after < 0 ? this.#marks.length : after).map(({ n }) => ({ type: "source", n }));
  }

  /** Parses code, links and images. */
  #readSpan(at: number, links: number): ParsedPiece | undefined {
    const text = this.#text;
    const bracket = text[at] === "!" && text[at + 1] === "[" ? at + 1 : at;
    const span = this.#spans.get(bracket);
    if (span === undefined) return undefined;
    switch (span.type) {
      case "code": {
        const code = text.slice(at + span.marks, span.close);
        const hidden = this.#open && code.trim() === "";
        return { end: span.end, piece: hidden ? "" : { type: "code", text: trimCode(code) } };
      }
      case "autolink":
        return { end: span.end, piece: { type: "link", href: span.href, inline: [span.href] } };
      case "label":
        return { end: bracket + 1, piece: "" };
      case "link":
        return links < maxLinks ? this.#readLink(bracket, span, links) : undefined;
    }
  }

  /** Parses a link or an image, which becomes a link. One within another one, or an incomplete one, is its label. */
  #readLink(bracket: number, span: Extract<InlineSpan, { type: "link" }>, links: number): ParsedPiece {
    const { close, href, end } = span;
    const label = this.parse(bracket + 1, close, links + 1);
    const inline = close === bracket + 1 && href !== undefined ? [href] : label;
    const isLink = href !== undefined && links === 0;
    return { end, piece: isLink ? { type: "link", href, inline } : { type: "span", inline } };
  }

  /** Parses escapes, references, line breaks and the marks of emphasis. */
  #readSign(at: number): ParsedPiece | undefined {
    const text = this.#text;
    const isLast = this.#open && at + 1 === text.length;
    switch (text.charAt(at)) {
      case "\n":
        return { end: at + 1 + (match(blanks, text, at + 1) ?? "").length, piece: { type: "break" } };
      case "\\":
        if (text[at + 1] === "\n") return { end: at + 2, piece: { type: "break" } };
        if (match(escape, text, at) !== undefined) return { end: at + 2, piece: text.slice(at + 1, at + 2) };
        return { end: at + 1, piece: isLast ? "" : "\\" };
      case "&":
        return this.#readReference(at);
      case "<":
        return this.#readAngle(at);
      case "!":
        return isLast ? { end: at + 1, piece: "" } : undefined;
      case "`": {
        const marks = match(/`+/y, text, at) ?? "`";
        return { end: at + marks.length, piece: this.#open ? "" : marks };
      }
      default: {
        const piece = readDelimiter(text, at, this.#open);
        if (piece === undefined) return undefined;
        return { end: at + (match(/([*_~])\1*/y, text, at) ?? "").length, piece };
      }
    }
  }

  #readReference(at: number): ParsedPiece | undefined {
    const whole = match(reference, this.#text, at);
    if (whole !== undefined) return { end: at + whole.length, piece: decodeEntities(whole) };
    if (!this.#open || match(growingReference, this.#text, at) === undefined) return undefined;
    return { end: this.#text.length, piece: "" };
  }

  #readAngle(at: number): ParsedPiece | undefined {
    const text = this.#text;
    const whole = match(lineBreak, text, at);
    if (whole !== undefined) return { end: at + whole.length, piece: { type: "break" } };
    if (!this.#open) return undefined;
    const rest = text.slice(at, at + 9).toLowerCase();
    const undecided = at + rest.length === text.length && schemes.some((scheme) => scheme.startsWith(rest));
    if (undecided || match(growingBreak, text, at) !== undefined) return { end: text.length, piece: "" };
    // The address is shown while it grows, its brackets are not.
    return match(growingAutolink, text, at) === undefined ? undefined : { end: at + 1, piece: "" };
  }

  #readText(at: number, links: number): ParsedPiece {
    const address = links === 0 ? this.#addresses.read(at) : undefined;
    if (address === undefined) {
      const found = match(plain, this.#text, at) ?? match(word, this.#text, at) ?? this.#text.charAt(at);
      const mark = this.#marks[0]?.at ?? Infinity;
      const piece = mark > at ? found.slice(0, mark - at) : found;
      return { end: at + piece.length, piece };
    }
    const { href, end } = address;
    const shown = this.#text.slice(at, end);
    return { end, piece: href === undefined ? shown : { type: "link", href, inline: [shown] } };
  }
}

/** Removes one space at each side, which separates the marks from marks within. */
function trimCode(text: string): string {
  const line = text.replaceAll("\n", " ");
  return /^ .* $/.test(line) && line.trim() !== "" ? line.slice(1, -1) : line;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
