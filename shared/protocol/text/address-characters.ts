/**
 * Letters, digits and punctuation of the scripts that put no space between words or before particles: Chinese, Japanese
 * and Korean with their full-width forms.
 */
export const eastAsian = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Bopo}\u3000-\u303f\ufe30-\ufe6f\uff01-\uffee`;

/** Ends an address in every script. The full stop of Chinese, the Arabic comma and closing quotes are no part of one. */
const end = /[\s<>"`|\p{C}]|(?!\p{ASCII})[\p{P}\p{S}\p{Z}]/u;
const letter = new RegExp(`(?=[\\p{L}\\p{N}\\p{M}])[${eastAsian}]`, "u");
/** An East Asian part of a path or query begins after one of these; after anything else, the sentence continues. */
const joint = /[/=_+#-]/;
/** Japanese particles: after `https://example.com/`, the sentence continues. */
const particle = /[をにでがはもへとのや]/;

/**
 * True if an address continues with a character. Widget and worker share this rule, so that the text after an address
 * is the same for both.
 * @param before the character before it
 * @param inHost true before the first `/`, `?` or `#` after the scheme
 */
export function continuesAddress(character: string, before: string, inHost: boolean): boolean {
  if (end.test(character)) return false;
  if (!letter.test(character) || letter.test(before)) return true;
  if (inHost) return /[/.]/.test(before);
  return joint.test(before) && !(before === "/" && particle.test(character));
}
