import { foldText } from "./fold.ts";

/** Words of a text in reading order, and further terms of it that have no place in that order. */
export interface TextTerms {
  words: string[];
  /** Joined forms of words with a hyphen, pairs of Han signs, whole identifiers. */
  extras: string[];
}

/** Maximum letters of a term; longer ones are encoded data, and are cut. */
const maxLetters = 40;
/** Maximum pieces that are also joined: `T-shirt`, not a sentence with hyphens. */
const maxJoined = 5;

/** Splits a text of any language into terms; equal for documents and questions. */
export function tokenize(text: string): TextTerms {
  const tokens: TextTerms = { words: [], extras: [] };
  for (const [run] of foldText(text).matchAll(runs)) addRun(run, tokens);
  return tokens;
}

/** Letters and digits with the signs that hold a word together; or the sign of a currency. */
const runs = /[\p{L}\p{M}\p{N}]+(?:[-'.,:_@+&][\p{L}\p{M}\p{N}]+)*|\p{Sc}/gu;

function addRun(run: string, tokens: TextTerms): void {
  if (run in currencies) tokens.words.push(currencies[run] ?? run);
  else if (plainWord.test(run)) addWord(run, tokens);
  else if (numeric.test(run)) addNumber(run, tokens);
  else addMixed(run, tokens);
}

const plainWord = /^[a-z]+$/u;
const currencies: Record<string, string> = { "€": "euro", eur: "euro", $: "usd", "£": "gbp", "¥": "jpy" };
const numeric = /^[0-9][0-9.,':-]*$/u;

function addWord(word: string, tokens: TextTerms): void {
  tokens.words.push(cut(word));
}

function cut(term: string): string {
  return term.length > maxLetters ? term.slice(0, maxLetters).toWellFormed() : term;
}

/** Ranges, times and dates keep their signs beside their parts; an amount has one form: `49,99` is `49.99`, `1.000` is `1000`. */
function addNumber(run: string, tokens: TextTerms): void {
  const parts = run.split(/[-:]/u).filter((part) => part !== "");
  if (parts.length > 1) tokens.extras.push(cut(run));
  for (const part of parts) addWord(amount(part), tokens);
}

function amount(text: string): string {
  if (/^[0-9]{1,3}(?:[.,'][0-9]{3})+$/u.test(text)) return text.replace(/[.,']/gu, "");
  const decimal = /^([0-9][0-9.,']*?)[.,]([0-9]{1,2})$/u.exec(text);
  if (decimal === null) return text.replace(/[.,']/gu, ".");
  const [, whole = "", cents = ""] = decimal;
  const plain = whole.replace(/[.,']/gu, "");
  return /^0+$/u.test(cents) ? plain : `${plain}.${cents}`;
}

function addMixed(run: string, tokens: TextTerms): void {
  const pieces = run.split(joints);
  const before = tokens.words.length;
  for (const piece of pieces) addPiece(piece, tokens);
  if (run.includes("@")) tokens.extras.push(cut(run));
  const parts = tokens.words.length - before;
  if (parts > 1 && parts <= maxJoined && !unspaced.test(run)) {
    const joined = pieces.join("");
    if (joined.length <= maxLetters) tokens.extras.push(joined);
  }
}

const joints = /[-'.,:_@+&]/u;
/** Scripts that write words without spaces: Chinese and Japanese by signs, the others by letters. */
const signs = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー`;
const letters = String.raw`\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`;
const hangul = String.raw`\p{sc=Hangul}`;
const unspaced = new RegExp(`[${signs}${letters}${hangul}]`, "u");
/** Stretches of one kind of script. Their order is that of the groups in `addPiece`. */
const stretches = new RegExp(
  `([${signs}]+)|([${letters}]+)|([${hangul}]+)|([0-9]+|(?:(?![0-9${signs}${letters}${hangul}]).)+)`,
  "gu",
);

function addPiece(piece: string, tokens: TextTerms): void {
  for (const [, ofSigns, ofLetters, korean, spaced] of piece.matchAll(stretches)) {
    if (spaced !== undefined) addWord(spaced, tokens);
    if (korean !== undefined) addWord(korean, tokens);
    for (const { segment } of segmenter.segment(ofSigns ?? ofLetters ?? "")) addWord(segment, tokens);
    // A sign alone is a word in other sentences: 1 % more first places in Chinese.
    if (ofSigns !== undefined) tokens.extras.push(...(ofSigns.match(/\p{sc=Han}/gu) ?? []));
    // Korean endings follow a word without a space, too.
    addPairs(ofSigns ?? korean ?? "", tokens.extras);
  }
}

/** Dictionaries of ICU, which Node brings. They follow the script, whatever language is named. */
const segmenter = new Intl.Segmenter("en", { granularity: "word" });

function addPairs(stretch: string, extras: string[]): void {
  const all = Array.from(stretch);
  for (let at = 0; at + 1 < all.length; at++) extras.push(`${all[at]}${all[at + 1]}`);
}
