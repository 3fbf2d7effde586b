/**
 * Splits a text into sentences. A line break ends a sentence, too: items of a list have no other end.
 * @param whole the last sentence is complete as well
 */
export function completeSentences(text: string, tag: string, whole: boolean): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const sentences = split(line, tag);
    const isLast = index === lines.length - 1;
    const complete = isLast && !whole ? sentences.slice(0, -1) : sentences;
    return complete.map((sentence) => sentence.trim()).filter((sentence) => sentence !== "");
  });
}

function split(line: string, tag: string): string[] {
  if (!("Segmenter" in Intl)) return line.split(/(?<=[.!?。！？؟])\s+/u);
  const segments = [...new Intl.Segmenter(tag, { granularity: "sentence" }).segment(line)];
  return segments.map(({ segment }) => segment);
}
