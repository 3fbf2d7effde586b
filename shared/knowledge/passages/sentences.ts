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
    const span = trimSpan(text, { start, end });
    if (span !== undefined) spans.push(span);
    start = end;
  }
  return spans;
}

/** End of a piece that ICU takes for a sentence: `z. B.`, `Dr.`, `approx.`, `am 3. Mai`. A line break ends a sentence always. */
const abbreviation =
  /(?:^|[\s(])(?:\p{L}|\p{Nd}{1,2}|bzw|ca|dr|evtl|ggf|inkl|zzgl|approx|etc|mr|mrs|ms|no|nr|st|vs|art|tel|sra?|vb|örn)\.[^\S\n\r\u2028\u2029]*$/iu;

/** @returns `undefined` for a blank piece */
function trimSpan(text: string, { start, end }: TextRange): TextRange | undefined {
  const piece = text.slice(start, end);
  const left = piece.length - piece.trimStart().length;
  const trimmed = piece.trim().length;
  return trimmed === 0 ? undefined : { start: start + left, end: start + left + trimmed };
}
