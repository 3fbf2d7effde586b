/**
 * Citations in a growing text. A noncharacter of U+FDD0 to U+FDEF, which text for interchange does not have, stands for a
 * passage by its number in the prompt: one unit that no filter of text takes for anything else.
 */
const first = 0xfdd0;
const atoms = /[\uFDD0-\uFDEF]/g;

/** Number by which a model says that the passages do not hold the answer. */
export const nothingFound = 0;

export function atomOf(number: number): string {
  return String.fromCharCode(first + number);
}

/** Number of an atom; `undefined` for any other character. */
export function numberOfAtom(char: string): number | undefined {
  return char >= "\uFDD0" && char <= "\uFDEF" ? char.charCodeAt(0) - first : undefined;
}

export function withoutAtoms(text: string): string {
  return text.replace(atoms, "");
}

/** Splits a text around its atoms, which are pieces of their own. */
export function splitAtAtoms(text: string): string[] {
  return text.split(/([\uFDD0-\uFDEF])/).filter((piece) => piece !== "");
}
