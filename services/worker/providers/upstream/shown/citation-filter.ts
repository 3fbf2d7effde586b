import { atomOf, nothingFound, withoutAtoms } from "../../../knowledge/atoms.ts";
import { betweenMarks, citationMark, citedNumbers, halfCitation, mayBecomeCitation } from "./citation-marks.ts";
import { CodeTracker } from "./code-tracker.ts";

const beginning = /[ \t([【［\uE200:c]/g;
const letterOrDigit = /[\p{L}\p{N}]/u;
/** Names in code: a number in brackets directly after them is an index. */
const identifier =
  /(?:^|[^\p{L}\p{N}])(?:[a-z]|arr|array|args?|argv|vec|vector|buf|buffer|str|tuple)$|[_$][\w$]*$|[a-z][A-Z]\w*$/u;
/** Marks that only a citation has: with a word, or in brackets of their own. */
const certain = /\p{L}|[【［^†]|\[\[/u;
const contextChars = 64;

interface Run {
  spaces: string;
  marks: { text: string; own: boolean }[];
  rest: string;
}

/**
 * Turns marks of the passages in the prompt (`[1]`, `[1][2]`, `[1, 2]`, `【1】`) into atoms. Marks of numbers that no passage
 * has are removed. At the beginning of a line, before its text, a mark is an item of a list of sources, and only goes. Code,
 * links (`[1](…)`) and indexes (`args[1]`) are text. The result does not depend on how the text is split into pieces.
 */
export class CitationFilter {
  readonly #passages: number;
  readonly #code = new CodeTracker();
  #held = "";
  /** Text passed on last, without atoms. */
  #before = "";
  /** Characters that go with the mark before them. */
  #skips: RegExp | undefined;

  /** @param passages their count: their numbers begin at 1 */
  constructor(passages: number) {
    this.#passages = passages;
  }

  /** @returns the text that can be passed on now */
  push(text: string): string {
    let out = "";
    for (let at = 0; at < text.length;) {
      const end = this.#held === "" && this.#skips === undefined ? nextBeginning(text, at) : at;
      out += this.#pass(text.slice(at, end));
      if (end < text.length) out += this.#next(text.charAt(end));
      at = end + 1;
    }
    return out;
  }

  /** @returns the text still held back */
  end(): string {
    let out = "";
    // The rest of one run may begin another.
    while (this.#held !== "") out += this.#judge("");
    this.#before = "";
    this.#skips = undefined;
    return out;
  }

  #next(char: string): string {
    if (this.#skips?.test(char)) {
      if (char === ":") this.#skips = blank;
      return "";
    }
    this.#skips = undefined;
    if (this.#held === "") return this.#begin(char);
    if (mayBecomeCitation(this.#held + char)) {
      this.#held += char;
      return "";
    }
    return this.#judge(char) + this.#next(char);
  }

  #begin(char: string): string {
    beginning.lastIndex = 0;
    const begins = beginning.test(char) && (char === "\uE200" || !this.#code.inCode);
    // `cite…` begins a word; a letter in the middle of one is passed on at once.
    if (!begins || (char === "c" && letterOrDigit.test(this.#before.slice(-1)))) return this.#pass(char);
    this.#held = char;
    return "";
  }

  /** Decides on the held text, now that the next character is known. */
  #judge(next: string): string {
    const { spaces, marks, rest } = takeApart(this.#held);
    this.#held = "";
    const half = next === "" && halfCitation.test(rest);
    const follows = half ? "" : rest.charAt(0) || next;
    const run = marks.map(({ text }) => text).join("");
    const numbers = marks.length === 0 ? undefined : this.#numbersOf(marks, spaces, follows);
    const passed = numbers === undefined ? this.#pass(half ? run : spaces + run) : this.#cite(numbers, spaces, follows);
    return passed + (half ? "" : this.#passRest(rest));
  }

  #cite(numbers: readonly number[], spaces: string, follows: string): string {
    const leads = isLineStart(this.#before);
    const isListed = leads && !isLineEnd(follows);
    if (isListed) this.#skips = colonOrBlank;
    const most = isListed ? nothingFound : this.#passages;
    const atoms = [...new Set(numbers)].filter((each) => each <= most).map(atomOf);
    if (leads) return this.#pass(spaces) + atoms.join("");
    const between = spaces !== "" && letterOrDigit.test(follows) ? " " : "";
    return atoms.join("") + this.#pass(between);
  }

  /** Passes the rest on: its first character begins no mark, but a later one may. */
  #passRest(rest: string): string {
    if (rest === "") return "";
    const [first = "", ...others] = Array.from(rest);
    const passed = this.#skips === undefined ? this.#pass(first) : this.#next(first);
    return passed + others.map((char) => this.#next(char)).join("");
  }

  #pass(text: string): string {
    if (text === "") return "";
    const plain = withoutAtoms(text);
    this.#code.push(plain);
    this.#before = (this.#before + plain).slice(-contextChars);
    return text;
  }

  /** @returns the numbers that marks cite; `undefined` if they are text */
  #numbersOf(marks: Run["marks"], spaces: string, follows: string): number[] | undefined {
    const own = marks.filter((mark) => mark.own).map(({ text }) => text);
    const numbers = own.map(citedNumbers);
    if (follows === "(" && own.length > 0) return undefined;
    if (numbers.includes(undefined)) return undefined;
    const cited = numbers.flatMap((each) => each ?? []);
    const run = own.join("");
    if (own.length < marks.length || certain.test(run)) return cited;
    if (/[=({]/.test(follows) || /[[!\\]$/.test(this.#before + spaces)) return undefined;
    if (spaces === "" && identifier.test(this.#before)) return undefined;
    const isKnown = cited.some((each) => each <= this.#passages);
    return isKnown || !isLineStart(this.#before) || isLineEnd(follows) ? cited : undefined;
  }
}

const blank = /^[ \t]$/;
const colonOrBlank = /^[: \t]$/;

function takeApart(held: string): Run {
  const spaces = /^[ \t]*/.exec(held)?.[0] ?? "";
  const marks: Run["marks"] = [];
  let at = spaces.length;
  for (let from = at; ;) {
    citationMark.lastIndex = from;
    const found = citationMark.exec(held);
    if (!found) break;
    marks.push({ text: found[0], own: found.groups?.["own"] !== undefined });
    at = citationMark.lastIndex;
    betweenMarks.lastIndex = at;
    betweenMarks.exec(held);
    from = Math.max(at, betweenMarks.lastIndex);
  }
  return { spaces, marks, rest: held.slice(at) };
}

/** Index of the next character that may begin a mark, or the length of the text. */
function nextBeginning(text: string, from: number): number {
  for (beginning.lastIndex = from; ;) {
    const found = beginning.exec(text);
    if (!found) return text.length;
    if (found[0] !== "c" || found.index === from || !letterOrDigit.test(text.charAt(found.index - 1)))
      return found.index;
  }
}

/** True at the start of a line, also within quotes and lists. */
function isLineStart(before: string): boolean {
  return /(?:^|\n)[\s>*+•-]*(?:\d{1,3}[.)]\s*)?$/.test(before);
}

function isLineEnd(follows: string): boolean {
  return follows === "" || follows === "\n" || follows === "\r";
}
