/**
 * Characters that readers do not see: controls, soft hyphens, zero-width marks, marks of direction, and the tag
 * characters in which whole sentences can be hidden. The two joiners stay: Persian, Indic scripts and emoji need them.
 */
const unseen =
  // oxlint-disable-next-line eslint/no-control-regex -- These are removed.
  /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** Text in one line as a reader sees it: without unseen characters, white space as single blanks, ends trimmed. */
export function visibleText(text: string): string {
  return withoutUnseen(text).replaceAll(/\s+/g, " ").trim();
}

/** Removes unseen characters alone. Lone surrogates, which no database stores, become U+FFFD. */
export function withoutUnseen(text: string): string {
  return text.toWellFormed().replaceAll(unseen, "");
}

/** Number of letters, digits and marks: the measure of how much text there is, whatever the layout. */
export function countLetters(text: string): number {
  return text.match(/[\p{L}\p{N}\p{M}]/gu)?.length ?? 0;
}

/** Letters and digits in lower case, for comparing texts of different layout. */
export function comparableText(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}
