import { continuesAddress } from "../../protocol/text/address-characters.ts";
import { characterAt, characterBefore, isInWord } from "./characters.ts";

/** An address without marks around it. */
export interface BareAddress {
  readonly end: number;
  /** `undefined` while the address may still grow. */
  readonly href: string | undefined;
}

const beginning = /(?:https?:\/\/|www\.)/iy;
/** The rest of a host behind letters of another script, which belong to it only if a further label follows. */
const furtherLabel = /[\p{L}\p{N}\p{M}_-]{0,253}\.[\p{L}\p{N}]/uy;
const localPart = /[\w.+-]+/y;
const domain = /@[a-z\d-]+(?:\.[a-z\d-]+)+/iy;
/** A number and another one are the version of a package, as in `lodash@4.17.21`. */
const version = /^@\d+\.\d+(?:\.|$)/;
/** Marks that may follow a mail address; the character behind them tells whether the address ended. */
const marks = /_*:?/y;

/** Finds addresses in one text, from its beginning to its end. */
export class BareAddressReader {
  readonly #text: string;
  readonly #open: boolean;
  /** End of the last word that is no mail address: no part of it is one, either. */
  #noMailBefore = 0;

  /** @param open the text grows */
  constructor(text: string, open: boolean) {
    this.#text = text;
    this.#open = open;
  }

  /** Returns the address that begins at an index. */
  read(at: number): BareAddress | undefined {
    if (!/[a-z\d]/i.test(this.#text.charAt(at))) return undefined;
    const before = characterBefore(this.#text, at);
    if (isInWord(before) || /[@/]/.test(before)) return undefined;
    return this.#readUrl(at) ?? this.#readMail(at);
  }

  #readUrl(at: number): BareAddress | undefined {
    const [scheme] = matchAt(beginning, this.#text, at);
    if (scheme === undefined) return undefined;
    const found = this.#endOfUrl(at + scheme.length);
    const end = trimEnd(this.#text, at + scheme.length, found);
    const shown = this.#text.slice(at, end);
    const isWww = /^w/i.test(scheme);
    if (!/[\p{L}\p{N}[]/u.test(characterAt(shown, scheme.length))) return undefined;
    const growing = this.#open && found === this.#text.length;
    return { end, href: growing ? undefined : isWww ? `https://${shown}` : shown };
  }

  #endOfUrl(from: number): number {
    const text = this.#text;
    let inHost = true;
    for (let end = from; end < text.length;) {
      const character = characterAt(text, end);
      if (!continuesAddress(character, characterBefore(text, end), inHost)) {
        if (!inHost || matchAt(furtherLabel, text, end).length === 0) return end;
      }
      inHost &&= !/[/?#]/.test(character);
      end += character.length;
    }
    return text.length;
  }

  #readMail(at: number): BareAddress | undefined {
    if (at < this.#noMailBefore) return undefined;
    const [name = ""] = matchAt(localPart, this.#text, at);
    const [host = ""] = matchAt(domain, this.#text, at + name.length);
    const end = at + name.length + host.length;
    const isMail = /\.(?:[a-z]{2,}|xn--[a-z\d-]+)$/i.test(host) && !version.test(host);
    if (!isMail || this.#goesOn(end)) {
      this.#noMailBefore = end;
      return undefined;
    }
    const growing = this.#open && end === this.#text.length;
    return { end, href: growing ? undefined : `mailto:${this.#text.slice(at, end)}` };
  }

  /** True within a longer word, another address, or a path as in `git@host.example:a/b.git`. */
  #goesOn(end: number): boolean {
    const [skipped = ""] = matchAt(marks, this.#text, end);
    const next = characterAt(this.#text, end + skipped.length);
    return isInWord(next) || /^[@/]/.test(next);
  }
}

/** Excludes punctuation and unpaired brackets at the end of an address: they belong to the sentence. */
function trimEnd(text: string, from: number, found: number): number {
  const excess = { ")": 0, "]": 0 };
  for (let at = from; at < found; at++) {
    const character = text[at];
    if (character === "(") excess[")"]--;
    if (character === "[") excess["]"]--;
    if (character === ")" || character === "]") excess[character]++;
  }
  for (let end = found; ; end--) {
    const character = text[end - 1];
    if (end > from && character !== undefined && /[?!.,:*_~']/.test(character)) continue;
    if ((character === ")" || character === "]") && excess[character]-- > 0) continue;
    if (character !== ";" || end === from) return end;
    // A character reference at the end, such as `&gt;`.
    end -= (/&\w{1,31};$/.exec(text.slice(Math.max(from, end - 33), end))?.[0].length ?? 1) - 1;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): readonly string[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}
