/** A stretch of a line's text in one form. */
export interface TextPiece {
  text: string;
  /** Struck out by the page: a price that no longer holds. */
  old: boolean;
  /** Raised or lowered text keeps its distance from the number before it. */
  form?: "sup" | "sub";
}

const raised: Record<string, string> = {
  "0": "⁰",
  "1": "¹",
  "2": "²",
  "3": "³",
  "4": "⁴",
  "5": "⁵",
  "6": "⁶",
  "7": "⁷",
  "8": "⁸",
  "9": "⁹",
};

const unitBefore = /(?:^|[^\p{L}])(?:[kcd]?m|mm|ft|in|yd|mi)$/u;
const numberBefore = /\d$/;
const currencyNumberBefore = /\p{Sc}\s*[\d.,]*\d$/u;
const currencyAfter = /^\s*(?:\p{Sc}|[A-Z]{3}\b)/u;

/** Puts the pieces of a line together: old text is marked, and no raised or lowered number melts into another one. */
export function joinPieces(pieces: readonly TextPiece[]): string {
  let line = "";
  let openOld = false;
  pieces.forEach((piece, index) => {
    if (piece.old !== openOld && piece.text.trim() !== "") {
      line = piece.old ? `${spaced(line)}(old: ` : `${line.trimEnd()}) `;
      openOld = piece.old;
    }
    line += piece.form === undefined ? piece.text : placeScript(line, piece, pieces[index + 1]?.text ?? "");
  });
  return openOld ? `${line.trimEnd()})` : line;
}

function spaced(line: string): string {
  return line === "" || /\s$/.test(line) ? line : `${line} `;
}

function placeScript(before: string, { text, form }: TextPiece, after: string): string {
  const mark = text.trim();
  const isNumber = /^\d+$/.test(mark);
  if (mark === "" || before === "" || /\s$/.test(before)) return text;
  if (form === "sub") return numberBefore.test(before) ? ` ${mark}` : mark;
  if (!isNumber) return /^[\d\p{L}]/u.test(mark) && !/^\p{L}{1,3}$/u.test(mark) ? ` ${mark}` : mark;
  if (unitBefore.test(before)) return raisedDigits(mark);
  if (!numberBefore.test(before)) return ` ${raisedDigits(mark)}`;
  // The cents of a price are often raised.
  if (mark.length === 2 && currencyNumberBefore.test(before)) return `.${mark}`;
  if (mark.length === 2 && currencyAfter.test(after)) return `,${mark}`;
  return `^${mark}`;
}

function raisedDigits(digits: string): string {
  return digits.replaceAll(/\d/g, (digit) => raised[digit] ?? digit);
}

/**
 * Tells whether two inline elements without a blank between them are apart on the screen, as in
 * `<span>Standard</span><span>4,90 €</span>`. Letters of one case stay together: a word may be styled in parts.
 */
export function isSeam(before: string, after: string): boolean {
  // Two units hold any character.
  const last = before.slice(-2);
  const first = after.slice(0, 2);
  if (/\p{N}$/u.test(last)) return /^[\p{L}\p{N}]/u.test(first);
  if (/\p{L}$/u.test(last)) return /^\p{N}/u.test(first) || (/\p{Ll}$/u.test(last) && /^\p{Lu}/u.test(first));
  if (/[%)\]:;!?]$/.test(last)) return /^[\p{L}\p{N}]/u.test(first);
  return /[\p{Sc}.,]$/u.test(last) && /^\p{L}/u.test(first);
}
