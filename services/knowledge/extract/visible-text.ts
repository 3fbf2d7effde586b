/**
 * Characters that readers do not see: controls, soft hyphens, zero-width marks, marks of direction, and the tag
 * characters in which whole sentences can be hidden. The two joiners stay: Persian, Indic scripts and emoji need them.
 */
const unseen =
  // oxlint-disable-next-line eslint/no-control-regex -- These are removed.
  /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** Text in one line as a reader sees it: without unseen characters, white space as single blanks, hyphens as they are typed. */
export function visibleText(text: string): string {
  return withoutUnseen(text)
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\u2010\u2011]/g, "-")
    .trim();
}

/** Removes unseen characters alone. Lone surrogates, which no database stores, become U+FFFD. */
export function withoutUnseen(text: string): string {
  return text.toWellFormed().replaceAll(unseen, "");
}

/**
 * Number of letters and digits: the measure of how much text there is, whatever the layout. Beyond ASCII all signs count,
 * which is near enough and ten times as fast as asking Unicode for each.
 */
export function countLetters(text: string): number {
  let letters = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    const isAsciiLetter = (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a;
    if (isAsciiLetter || (unit >= 0x30 && unit <= 0x39) || (unit > 0xa9 && !isSpace(unit))) letters += 1;
  }
  return letters;
}

/** Blanks and punctuation of the block that most scripts share. */
function isSpace(unit: number): boolean {
  return (unit >= 0x2000 && unit <= 0x206f) || unit === 0x3000 || unit === 0xfeff;
}

/** Letters and digits in lower case, for comparing texts of different layout. */
export function comparableText(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}
