import { decodeEntities } from "./entities.ts";
import { type Delimiter, type Piece, resolveEmphasis } from "./emphasis.ts";
import type { Inline } from "./syntax-tree.ts";

/** Result of a parse: the number of characters consumed and the node. */
interface ParsedPiece {
  readonly length: number;
  readonly piece: Piece;
}

/** Maximum nesting of links; an image in a link is the deepest useful case. */
const maxLinks = 2;
const maxLabelChars = 1000;

const plain = /^[^\\`!<&[*_~\nhwHW\p{L}\p{N}]+/u;
const word = /^[\p{L}\p{N}]+/u;
const bareUrl = /^(?:https?:\/\/|www\.)[^\s<>]*/i;
const bareEmail = /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+/;

/**
 * @param open the text grows: open marks are closed, undecided ones are left out
 * @param links number of link labels around the text
 */
export function parseInline(text: string, open: boolean, links = 0): Inline[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const { length, piece } =
      readEscapeOrCode(rest, open) ??
      (links < maxLinks ? readLink(rest, open, links) : undefined) ??
      (links === 0 ? readBareUrl(rest, text[at - 1], open) : undefined) ??
      readDelimiter(rest, text[at - 1], open) ??
      readPlain(rest);
    at += length;
    pieces.push(piece);
  }
  return resolveEmphasis(pieces, open);
}

/** Parses escapes, references, code and line breaks. */
function readEscapeOrCode(rest: string, open: boolean): ParsedPiece | undefined {
  switch (rest.charAt(0)) {
    case "\n":
      return { length: /^\n[ \t]*/.exec(rest)?.[0].length ?? 1, piece: { type: "break" } };
    case "\\":
      if (rest[1] === "\n") return { length: 2, piece: { type: "break" } };
      if (rest.length === 1) return { length: 1, piece: open ? "" : "\\" };
      return /^\\[!-/:-@[-`{-~]/.test(rest) ? { length: 2, piece: rest.slice(1, 2) } : { length: 1, piece: "\\" };
    case "&": {
      const [reference] = /^&(?:#\w{1,7}|\w{2,8});/.exec(rest) ?? [];
      if (reference !== undefined) return { length: reference.length, piece: decodeEntities(reference) };
      return open && /^&#?\w{0,8}$/.test(rest) ? { length: rest.length, piece: "" } : undefined;
    }
    case "`":
      return readCode(rest, open);
    case "<": {
      const [br] = /^<br[ \t]*\/?>/i.exec(rest) ?? [];
      if (br !== undefined) return { length: br.length, piece: { type: "break" } };
      const [whole, href] = /^<((?:https?:\/\/|mailto:)[^\s<>]+)>/i.exec(rest) ?? [];
      return whole === undefined || href === undefined
        ? undefined
        : { length: whole.length, piece: link(href, [href]) };
    }
    default:
      return undefined;
  }
}

function readCode(rest: string, open: boolean): ParsedPiece {
  const [marks = "`"] = /^`+/.exec(rest) ?? [];
  const body = rest.slice(marks.length);
  const end = body.search(new RegExp(`(?<!\`)${marks}(?!\`)`));
  if (end !== -1)
    return { length: end + 2 * marks.length, piece: { type: "code", text: trimCode(body.slice(0, end)) } };
  if (!open) return { length: marks.length, piece: marks };
  const text = body.replace(/`+$/, "");
  return { length: rest.length, piece: text.trim() === "" ? "" : { type: "code", text: trimCode(text) } };
}

/** Removes one space at each side, which separates the marks from marks within. */
function trimCode(text: string): string {
  const line = text.replaceAll("\n", " ");
  return /^ .* $/.test(line) && line.trim() !== "" ? line.slice(1, -1) : line;
}

/** Parses a link or an image, which becomes a link. An incomplete link yields its label. */
function readLink(rest: string, open: boolean, links: number): ParsedPiece | undefined {
  if (open && rest === "!") return { length: 1, piece: "" };
  const [opening] = /^!?\[/.exec(rest) ?? [];
  if (opening === undefined) return undefined;
  const close = findClose(rest, opening.length - 1, "[", "]");
  if (close === -1 || (close === rest.length - 1 && open)) {
    if (!open) return { length: opening.length, piece: opening };
    const label = rest.slice(opening.length, close === -1 ? undefined : close);
    return { length: rest.length, piece: { type: "span", inline: parseInline(label, true, links + 1) } };
  }
  const label = rest.slice(opening.length, close);
  const [target, href, bare] =
    /^\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/.exec(
      rest.slice(close + 1),
    ) ?? [];
  if (target === undefined) {
    const growing = open && /^\([^)\n]*$/.test(rest.slice(close + 1));
    if (!growing) return { length: opening.length, piece: opening };
    return { length: rest.length, piece: { type: "span", inline: parseInline(label, false, links + 1) } };
  }
  const to = decodeEntities((href ?? bare ?? "").replace(/\\([!-/:-@[-`{-~])/g, "$1"));
  const inline = parseInline(label === "" ? to : label, false, links + 1);
  return { length: close + 1 + target.length, piece: links > 0 ? { type: "span", inline } : link(to, inline) };
}

/** Finds the bracket that closes the one at `at`; -1 if there is none. */
function findClose(text: string, at: number, opening: string, closing: string): number {
  let depth = 0;
  for (let index = at; index < Math.min(text.length, at + maxLabelChars); index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === opening) depth++;
    else if (text[index] === closing && --depth === 0) return index;
  }
  return -1;
}

/** Parses a bare address. While it grows, it has no link. */
function readBareUrl(rest: string, before: string | undefined, open: boolean): ParsedPiece | undefined {
  if (before !== undefined && /[\p{L}\p{N}@/]/u.test(before)) return undefined;
  const [found] = bareUrl.exec(rest) ?? [];
  if (found !== undefined) {
    const shown = trimUrl(found);
    if (!/\.\w|:\/\/\w/.test(shown)) return undefined;
    if (open && found.length === rest.length) return { length: found.length, piece: found };
    return { length: shown.length, piece: link(/^www/i.test(shown) ? `https://${shown}` : shown, [shown]) };
  }
  const [written] = bareEmail.exec(rest) ?? [];
  if (written === undefined) return undefined;
  const growing = open && written.length === rest.length;
  return { length: written.length, piece: growing ? written : link(`mailto:${written}`, [written]) };
}

/** Cuts off punctuation after an address, and a closing bracket opened before it: both belong to the sentence. */
function trimUrl(found: string): string {
  const shown = found.replace(/(?:[?!.,:;*_~'"”’»]|&\w+;)+$/, "");
  const count = (sign: string) => shown.split(sign).length;
  return shown.endsWith(")") && count(")") > count("(") ? trimUrl(shown.slice(0, -1)) : shown;
}

function readDelimiter(rest: string, before = " ", open: boolean): ParsedPiece | undefined {
  const [marks] = /^(?:\*+|_+|~+)/.exec(rest) ?? [];
  if (marks === undefined) return undefined;
  if (marks.startsWith("~") && marks.length !== 2) return { length: marks.length, piece: marks };
  const after = rest[marks.length] ?? " ";
  const [spaceBefore, spaceAfter] = [/\s/.test(before), /\s/.test(after)];
  const [markBefore, markAfter] = [isPunctuation(before), isPunctuation(after)];
  const left = !spaceAfter && (!markAfter || spaceBefore || markBefore);
  const right = !spaceBefore && (!markBefore || spaceAfter || markAfter);
  const inWord = marks.startsWith("_");
  const delimiter: Delimiter = {
    type: "delimiter",
    marks,
    opens: left && (!inWord || !right || markBefore),
    closes: right && (!inWord || !left || markAfter),
    last: open && marks.length === rest.length,
  };
  return { length: marks.length, piece: delimiter };
}

function readPlain(rest: string): ParsedPiece {
  const [piece = rest.slice(0, 1)] = plain.exec(rest) ?? word.exec(rest) ?? [];
  return { length: piece.length, piece };
}

function isPunctuation(character: string): boolean {
  return /[\p{P}\p{S}]/u.test(character);
}

function link(href: string, inline: Inline[]): Inline {
  return { type: "link", href, inline };
}
