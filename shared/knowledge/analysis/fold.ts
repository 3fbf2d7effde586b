/**
 * Folds what people write differently and mean alike: width, case, accents, forms of a letter, digits of other scripts.
 * It knows no language: `I`, `İ`, `ı` and `i` are one letter, so a question in Turkish finds an English page, and neither
 * depends on a guess. Vowel signs of Thai, Hindi and their kin remain, as words differ by them alone.
 */
export function foldText(text: string): string {
  if (asciiOnly.test(text)) return text.toLowerCase();
  const decomposed = text.normalize("NFKC").toLowerCase().replace(invisible, "").normalize("NFD");
  return decomposed
    .replace(accents, "")
    .normalize("NFC")
    .replace(variants, (letter) => forms[letter] ?? letter)
    .replace(otherDigits, (digit) => String(digitValue(digit)));
}

const asciiOnly = /^\p{ASCII}*$/u;
/** Soft hyphens, joiners and marks of direction, and the stroke that stretches Arabic words. */
const invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u0640]/gu;
/** Marks of Latin, Greek and Cyrillic letters, and the optional vowels of Hebrew and Arabic. */
const accents =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]/gu;

/** Letters that Unicode does not decompose. */
const forms: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  ħ: "h",
  ı: "i",
  ς: "σ",
  ى: "ي",
  ی: "ي",
  ة: "ه",
  ک: "ك",
  "\u2019": "'",
  "\u02bc": "'",
  "\u2010": "-",
  "\u2011": "-",
  "\u2012": "-",
  "\u2013": "-",
  "\u2212": "-",
};
const variants = new RegExp(`[${Object.keys(forms).join("")}]`, "gu");

const otherDigits = /(?![0-9])\p{Nd}/gu;

/** Value of a decimal digit: each script has its ten in a row, and no two rows touch but the mathematical ones, which NFKC folds. */
function digitValue(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && decimalDigit.test(String.fromCodePoint(point - value - 1))) value++;
  return value;
}

const decimalDigit = /^\p{Nd}$/u;
