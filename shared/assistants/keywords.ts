/**
 * Finds the keywords that occur in a text as whole words, ignoring case. A space in a keyword matches any white space.
 * In scripts without spaces (Japanese, Chinese, Thai …), or with particles attached to words (Korean), a keyword is
 * found at any position. An Arabic keyword is found behind the prefixes that are written together with it.
 *
 * Keywords are not compiled to one pattern each. Compiling was measured at 2 ms per pattern, over a second for the
 * presets of one assistant.
 */
export function keywordsIn(text: string): (keywords: readonly string[]) => string[] {
  const folded = fold(text);
  return (keywords) => keywords.filter((keyword) => holds(folded, wordOf(keyword)));
}

/** Cache of folded keywords. They are those of a configuration file, so there are few. */
const words = new Map<string, string>();

function wordOf(keyword: string): string {
  let word = words.get(keyword);
  if (word === undefined) {
    word = fold(keyword).trim();
    words.set(keyword, word);
  }
  return word;
}

function holds(text: string, word: string): boolean {
  if (word === "") return false;
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const before = text.slice(Math.max(0, at - longestCharacter), at);
    const after = text.slice(at + word.length, at + word.length + longestCharacter);
    const begins =
      startsUnspaced.test(word) ||
      !endsInWord.test(before) ||
      isArabicPrefix(text.slice(Math.max(0, at - 6), at), word);
    const ends = endsUnspaced.test(word) || !startsInWord.test(after);
    if (begins && ends) return true;
  }
  return false;
}

/** And, so, with, like, for, the: Arabic writes these together with the word that follows. */
const arabicPrefix = /(?:^|[^\p{L}\p{M}\p{N}_])[وف]?(?:[بك]?(?:ال)?|لل?)$/u;

function isArabicPrefix(before: string, word: string): boolean {
  return /^\p{Script=Arabic}/u.test(word) && arabicPrefix.test(before);
}

/** UTF-16 code units. */
const longestCharacter = 2;

/**
 * Scripts written without spaces. Script extensions include marks that two scripts share (the long-vowel mark of the
 * kanas).
 */
const unspaced = ["Han", "Hira", "Kana", "Bopo", "Hang", "Thai", "Laoo", "Khmr", "Mymr"]
  .map((script) => String.raw`\p{scx=${script}}`)
  .join("");
const startsUnspaced = new RegExp(`^[${unspaced}]`, "v");
const endsUnspaced = new RegExp(`[${unspaced}]$`, "v");

/** A character that continues a word in a script with spaces. */
const wordCharacter = String.raw`[[\p{L}\p{M}\p{N}_]--[${unspaced}]]`;
const startsInWord = new RegExp(`^${wordCharacter}`, "v");
const endsInWord = new RegExp(`${wordCharacter}$`, "v");

/**
 * Maps text that looks the same to one spelling: composed or not, wide or narrow, curly apostrophe or straight, and
 * Arabic with or without its marks.
 */
function fold(text: string): string {
  const usual = text.normalize("NFKC").toLowerCase().replaceAll("’", "'").replace(/\s+/g, " ");
  return usual
    .replace(/[\u0640\u064b-\u065f\u0670]/g, "")
    .replace(/[أإآٱةى]/g, (letter) => arabicForms[letter] ?? letter);
}

/** Letters that are often written without their dots or hamza. */
const arabicForms: Readonly<Record<string, string>> = { أ: "ا", إ: "ا", آ: "ا", ٱ: "ا", ة: "ه", ى: "ي" };
