import { CodeTracker } from "./code-tracker.ts";
import { halfMark, identifier, mark, mayBecomeMark, numbersOf } from "./marks.ts";
import type { Habits } from "./server-habits.ts";
import type { Source } from "./sources.ts";

const beginnings = " \t[【\uE200:c";
const letterOrDigit = /[a-z\d]/i;
/** Characters that continue code behind an index; `(` also makes it a link. */
const goesOnAsCode = /^[\w=({]$/;
const attached = /[\p{L}\p{N}\p{M}.,;:!?)"'”’»%。，、！？」』）…]\*{0,2}$/u;
const word = /[\p{L}\p{N}]/u;
const blanks = /^[ \t]+$/;
const contextChars = 64;
/** Numbers that marks may skip. A reply with unknown sources counts them from 1, and may leave some out. */
const maxSkipped = 3;

interface Unit {
  text: string;
  plain: boolean;
}

/**
 * Removes the marks of sources from a streamed text. A visitor cannot follow them, since no reply carries its sources.
 * Marks with a form of their own are always removed. A number in brackets is removed when it is a mark:
 * - if sources are known: when one has this number;
 * - otherwise: when it counts from 1, and follows a word directly or is next to others (`nine[1][2]`).
 *
 * Code, links (`[1](…)`, `[text][1]`), definitions and lists of the model's own (`[1]` at the beginning of a line), and
 * an index (`items[1]`) are text.
 */
export class MarkFilter {
  readonly #habits: Habits;
  readonly #code = new CodeTracker();
  #held = "";
  /** Text passed on last. */
  #before = "";
  #sources: readonly Source[] = [];
  #cites = false;
  #highest = 0;
  #skipsBlank = false;

  constructor(habits: Habits) {
    this.#habits = habits;
  }

  /** @param sources all sources known by now, in the order of their numbers */
  know(sources: readonly Source[]): void {
    if (sources.length === 0) return;
    if (sources.length > this.#sources.length) this.#sources = sources;
    this.#habits.cites = true;
  }

  /** @returns the text that can be passed on now */
  push(text: string): string {
    let out = "";
    for (let at = 0; at < text.length;) {
      const end = this.#held === "" ? nextBeginning(text, at, this.#skipsBlank) : at;
      out += this.#pass(text.slice(at, end));
      if (end < text.length) out += this.#next(text.charAt(end));
      at = end + 1;
    }
    if (blanks.test(this.#held) && !this.#holdsBlanks) out += this.#judge("");
    return out;
  }

  /** @returns the text still held back */
  end(): string {
    let out = "";
    // The rest of one unit may begin another.
    while (this.#held !== "") out += this.#judge("");
    this.#before = "";
    return out;
  }

  /**
   * True if white space at the end of a piece is held back. White space before a mark is removed with the mark. It is
   * held back only if the server is known to cite: other growing replies must not lack their last blank.
   */
  get #holdsBlanks(): boolean {
    return this.#cites || this.#habits.cites || this.#sources.length > 0;
  }

  #next(char: string): string {
    const doubled = this.#skipsBlank && char === " ";
    this.#skipsBlank = false;
    if (doubled) return "";
    if (this.#held === "") return this.#begin(char);
    if (mayBecomeMark.test(this.#held + char)) {
      this.#held += char;
      return "";
    }
    return this.#judge(char) + this.#next(char);
  }

  #begin(char: string): string {
    const holds = beginnings.includes(char) && (char === "\uE200" || !this.#code.inCode);
    // `cite…` begins a word; a letter in the middle of one is passed on at once.
    if (!holds || (char === "c" && word.test(this.#before.slice(-1)))) return this.#pass(char);
    this.#held = char;
    return "";
  }

  /** Decides on the held text, now that the next character is known. */
  #judge(next: string): string {
    const { spaces, units, rest } = takeApart(this.#held);
    this.#held = "";
    const follows = rest.charAt(0) || next;
    const gone = units.length > 0 && this.#areMarks(units, spaces, follows);
    const half = next === "" && halfMark.test(rest);
    const kept = gone ? "" : units.map(({ text }) => text).join("");
    const before = kept === "" && (gone || half) ? this.#between(spaces, half ? "" : follows) : spaces;
    // The blank before the mark was passed on, so the blank after it is dropped.
    this.#skipsBlank = gone && rest === "" && spaces === "" && isBlank(this.#before.slice(-1));
    return this.#pass(before + kept) + (half ? "" : this.#passRest(rest));
  }

  /** Drops white space before a mark, unless it separates two words or begins a line. */
  #between(spaces: string, follows: string): string {
    if (spaces === "" || isLineStart(this.#before)) return spaces;
    return word.test(follows) ? " " : "";
  }

  /** Passes the rest on: its first character begins no mark, but a later one may. */
  #passRest(rest: string): string {
    if (rest === "") return "";
    const [first = "", ...others] = Array.from(rest);
    return this.#pass(first) + others.map((char) => this.#next(char)).join("");
  }

  #pass(text: string): string {
    if (text === "") return "";
    this.#skipsBlank = false;
    this.#code.push(text);
    this.#before = (this.#before + text).slice(-contextChars);
    return text;
  }

  #areMarks(units: readonly Unit[], spaces: string, follows: string): boolean {
    const definite = units.some(({ plain }) => !plain);
    const marks = definite || this.#areNumbersOfSources(units, spaces, follows);
    if (!marks) return false;
    if (definite || units.length > 1) this.#cites = true;
    const numbers = units.flatMap(({ text, plain }) => (plain ? numbersOf(text) : []));
    this.#highest = Math.max(this.#highest, ...numbers);
    return true;
  }

  #areNumbersOfSources(units: readonly Unit[], spaces: string, follows: string): boolean {
    const numbers = units.flatMap(({ text }) => numbersOf(text));
    if (numbers.includes(0) || goesOnAsCode.test(follows) || isLinkPart(this.#before + spaces, follows)) return false;
    const alone = follows === "" || follows === "\n";
    if (isLineStart(this.#before) && !(alone && (units.length > 1 || this.#sources.length > 0))) return false;
    return numbers.every((each) => each <= this.#sources.length) || this.#countOn(units, numbers, spaces);
  }

  /** True if the numbers continue those before them, as marks of unknown sources do. */
  #countOn(units: readonly Unit[], numbers: readonly number[], spaces: string): boolean {
    const cites = this.#cites || this.#habits.cites;
    const form = cites ? /^[^^]*$/ : /^\[\d+\]$/;
    if (units.some(({ text }) => !form.test(text))) return false;
    if (numbers.some((each) => each > this.#highest + maxSkipped)) return false;
    if (spaces === "" && identifier.test(this.#before)) return false;
    return cites || units.length > 1 || (spaces === "" && attached.test(this.#before));
  }
}

function takeApart(held: string): { spaces: string; units: Unit[]; rest: string } {
  const spaces = /^[ \t]*/.exec(held)?.[0] ?? "";
  const units: Unit[] = [];
  mark.lastIndex = spaces.length;
  let at = spaces.length;
  for (let found = mark.exec(held); found; found = mark.exec(held)) {
    units.push({ text: found[0], plain: found.groups?.["plain"] !== undefined });
    at = mark.lastIndex;
  }
  return { spaces, units, rest: held.slice(at) };
}

/** Matches `[1](address)`, `[text][1]`, `![1]`, and a definition, `[1]: address`. */
function isLinkPart(before: string, follows: string): boolean {
  if (follows === "(" || follows === "[" || /[[\]!\\]$/.test(before)) return true;
  return follows === ":" && isLineStart(before);
}

/**
 * Index of the next character that may begin a mark, or the length of the text. White space begins one only before
 * another beginning, or where the text ends, and `c` only outside words.
 * @param blanksCount true if white space counts by itself
 */
function nextBeginning(text: string, from: number, blanksCount: boolean): number {
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (!beginnings.includes(char)) continue;
    if (char === "c" && at > from && letterOrDigit.test(text.charAt(at - 1))) continue;
    if (!isBlank(char) || (blanksCount && at === from)) return at;
    let after = at + 1;
    while (isBlank(text.charAt(after))) after++;
    if (after === text.length || beginnings.includes(text.charAt(after))) return at;
    at = after;
  }
  return text.length;
}

function isBlank(char: string): boolean {
  return char === " " || char === "\t";
}

/** True at the start of a line, also within quotes and lists. */
function isLineStart(before: string): boolean {
  return /(?:^|\n)[\s>*+-]*$/.test(before);
}
