import { eastAsian } from "../../protocol/text/address-characters.ts";

const inEastAsian = new RegExp(`[${eastAsian}]`, "u");
const wordCharacter = /[\p{L}\p{N}\p{M}]/u;
/** Direction marks, joiners and the like: they show nothing, so the character beyond them counts. */
const invisible = /\p{Cf}/u;

/** Returns the character that ends before an index: a code point, not half a pair. */
export function characterBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1);
  const isPair = low >= 0xdc00 && low <= 0xdfff && at > 1;
  return text.slice(at - (isPair ? 2 : 1), at);
}

export function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

/**
 * Returns the visible character before an index, without the accents and variation selectors on it. The end of the text
 * counts as a space.
 */
export function visibleBefore(text: string, at: number): string {
  for (let end = at; end > 0;) {
    const character = characterBefore(text, end);
    // An emoji presentation or a keycap: the whole is a symbol, its base may be a digit.
    if (/[\ufe0f\u20e3]/.test(character)) return "☺";
    if (!invisible.test(character) && !/\p{M}/u.test(character)) return character;
    end -= character.length;
  }
  return " ";
}

export function visibleAfter(text: string, at: number): string {
  for (let begin = at; begin < text.length;) {
    const character = characterAt(text, begin);
    if (!invisible.test(character)) return character;
    begin += character.length;
  }
  return " ";
}

export function isEastAsian(character: string): boolean {
  return inEastAsian.test(character);
}

/** True for a character that an address cannot begin after. East Asian letters do not count: no space follows them. */
export function isInWord(character: string): boolean {
  return wordCharacter.test(character) && !isEastAsian(character);
}

export function isPunctuationMark(character: string): boolean {
  return /[\p{P}\p{S}]/u.test(character);
}
