/** Piece of a text, in UTF-16 units: `text.slice(start, end)`. */
export interface TextRange {
  start: number;
  end: number;
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/** Splits a text at its sentences and lines, without the white space between them; blank ones are left out. */
export function splitSentences(text: string): TextRange[] {
  const spans: TextRange[] = [];
  let start = 0;
  for (const { index, segment } of segmenter.segment(text)) {
    const end = index + segment.length;
    if (end < text.length && abbreviation.test(text.slice(Math.max(start, end - 12), end))) continue;
    for (const piece of splitAtSpaces(text, { start, end })) {
      const span = trimSpan(text, piece);
      if (span !== undefined) spans.push(span);
    }
    start = end;
  }
  return spans;
}

/** End of a piece that ICU takes for a sentence: `z. B.`, `Dr.`, `approx.`, `am 3. Mai`. A line break ends a sentence always. */
const abbreviation =
  /(?:^|[\s(])(?:\p{L}|\p{Nd}{1,2}|bzw|ca|dr|evtl|ggf|inkl|zzgl|approx|etc|mr|mrs|ms|no|nr|st|vs|art|tel|sra?|vb|örn)\.[^\S\n\r\u2028\u2029]*$/iu;

/** Scripts that end a sentence by a space alone, and put one also behind clauses and around names. */
const spaced = String.raw`\p{sc=Thai}\p{sc=Lao}`;
const hasSpaced = new RegExp(`[${spaced}]`, "u");
const gap = new RegExp(String.raw`[^\S\n]{2,}|(?<=[${spaced}])[^\S\n](?=[${spaced}])`, "gu");
/** UTF-16 units from which one space may end a sentence: a piece is a clause or more, and no name. */
const leastSpaced = 100;

/** Splits a sentence of such a script at its wider spaces, and at the first one of a piece that is long enough. */
function splitAtSpaces(text: string, { start, end }: TextRange): TextRange[] {
  const sentence = text.slice(start, end);
  if (!hasSpaced.test(sentence)) return [{ start, end }];
  const pieces: TextRange[] = [];
  let from = 0;
  for (const { index, 0: space } of sentence.matchAll(gap)) {
    if (space.length === 1 && index - from < leastSpaced) continue;
    pieces.push({ start: start + from, end: start + index });
    from = index + space.length;
  }
  return [...pieces, { start: start + from, end }];
}

/** @returns `undefined` for a blank piece */
function trimSpan(text: string, { start, end }: TextRange): TextRange | undefined {
  const piece = text.slice(start, end);
  const left = piece.length - piece.trimStart().length;
  const trimmed = piece.trim().length;
  return trimmed === 0 ? undefined : { start: start + left, end: start + left + trimmed };
}
