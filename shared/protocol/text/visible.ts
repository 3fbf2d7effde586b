/**
 * Invisible characters: white space, controls, format and default-ignorable characters (zero-width ones, Hangul
 * fillers, variation selectors, tags), marks without a base letter, and four that fonts draw as a blank: the empty
 * Braille pattern U+2800, the object replacement U+FFFC, the null notehead U+1D159, and Unicode's noncharacters.
 * Unassigned code points count as visible: emoji newer than this runtime are among them.
 */
const visible =
  /[^\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{M}\p{Noncharacter_Code_Point}\u2800\uFFFC\u{1D159}]/u;
/** Format characters that have a visible shape: number signs of Arabic, Syriac and Kaithi. */
const shapedFormat = /[\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}]/u;

/** True if a text has any visible character. */
export function isVisible(text: string): boolean {
  return visible.test(text) || shapedFormat.test(text);
}
