/**
 * The keywords that stand in the text as whole words, whatever the case. A space in a keyword is any white space.
 * Where a script writes no spaces (Japanese, Chinese, Thai …), or hangs particles on its words (Korean), a keyword
 * is found anywhere.
 */
export function findKeywords(keywords: readonly string[], text: string): string[] {
  const folded = fold(text);
  return keywords.filter((keyword) => patternOf(keyword).test(folded));
}

/** Script extensions, so that marks which two scripts share (the long-vowel mark of the kanas) are included. */
const unspaced = ["Han", "Hira", "Kana", "Bopo", "Hang", "Thai", "Laoo", "Khmr", "Mymr"]
  .map((script) => String.raw`\p{scx=${script}}`)
  .join("");

/** A character that a word of a script with spaces goes on with. */
const wordCharacter = String.raw`[[\p{L}\p{M}\p{N}_]--[${unspaced}]]`;
const startsUnspaced = new RegExp(`^[${unspaced}]`, "v");
const endsUnspaced = new RegExp(`[${unspaced}]$`, "v");

const neverMatches = /(?!)/v;

/** Patterns are made once: the keywords are those of a configuration file, so there are few. */
const patterns = new Map<string, RegExp>();

function patternOf(keyword: string): RegExp {
  let pattern = patterns.get(keyword);
  if (pattern === undefined) {
    pattern = makePattern(fold(keyword).trim());
    patterns.set(keyword, pattern);
  }
  return pattern;
}

function makePattern(word: string): RegExp {
  if (word === "") return neverMatches;
  const before = startsUnspaced.test(word) ? "" : `(?<!${wordCharacter})`;
  const after = endsUnspaced.test(word) ? "" : `(?!${wordCharacter})`;
  const body = word
    .split(/\s+/)
    .map(escape)
    .join(String.raw`\s+`);
  return new RegExp(`${before}${body}${after}`, "v");
}

/** One spelling for what people see as the same: composed or not, wide or narrow, curly apostrophe or straight. */
function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll("’", "'");
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
