import { tokenize } from "../analysis/tokenize.ts";
import { type TextRange, splitSentences } from "./sentences.ts";

/** Smallest piece that a passage is made of: a sentence, with its number of words. */
export interface Unit extends TextRange {
  words: number;
}

export function countWords(text: string): number {
  return tokenize(text).words.length;
}

/** Sentences of a range of a text. */
export function toUnits(text: string, { start, end }: TextRange): Unit[] {
  const piece = text.slice(start, end);
  return splitSentences(piece).map((span) => ({
    start: start + span.start,
    end: start + span.end,
    words: countWords(piece.slice(span.start, span.end)),
  }));
}

const words = new Intl.Segmenter("en", { granularity: "word" });

/** Cuts units above a number of words, between words. */
export function cutUnits(text: string, units: readonly Unit[], most: number): Unit[] {
  return units.flatMap((unit) => (unit.words > most ? cutUnit(text, unit, most) : [unit]));
}

function cutUnit(text: string, unit: Unit, most: number): Unit[] {
  const parts: Unit[] = [];
  let part = { start: unit.start, end: unit.start, words: 0 };
  for (const { index, segment } of words.segment(text.slice(unit.start, unit.end))) {
    const count = countWords(segment);
    const end = unit.start + index + segment.length;
    if (part.words > 0 && part.words + count > most) {
      parts.push(part);
      part = { start: unit.start + index, end, words: count };
    } else part = { ...part, end, words: part.words + count };
  }
  return [...parts, part];
}
