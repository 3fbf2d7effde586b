import type { eld } from "eld/extrasmall";

/** Characters that are looked at: enough to be sure, and bounded for long documents. */
const maxCharacters = 2_000;

/** Scripts of one language. Kana precede Han, as Japanese has both. */
const scripts: readonly [RegExp, string][] = [
  [/[\p{sc=Hiragana}\p{sc=Katakana}]/gu, "ja"],
  [/\p{sc=Hangul}/gu, "ko"],
  [/\p{sc=Han}/gu, "zh"],
  [/\p{sc=Thai}/gu, "th"],
  [/\p{sc=Greek}/gu, "el"],
  [/\p{sc=Hebrew}/gu, "he"],
];
/** Share of a text's letters that names the language: a Chinese page has Latin names, and a Japanese one more Han than kana. */
const leastShare = 0.15;

let detector: Promise<typeof eld> | undefined;

/**
 * Language of a text, as an ISO 639-1 code; `undefined` if it is too short or mixed to tell. Search needs none: terms are equal
 * in every language. The smallest set of eld is loaded at the first text of a shared script (28 MB; the large one takes
 * 134 MB and 9 s, for single words that this function leaves open).
 */
export async function detectLanguage(text: string): Promise<string | undefined> {
  const sample = text.slice(0, maxCharacters);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  for (const [script, language] of scripts) {
    if ((sample.match(script)?.length ?? 0) > letters * leastShare) return language;
  }
  detector ??= import("eld/extrasmall").then((module) => module.eld);
  const found = (await detector).detect(sample);
  return found.isReliable() ? found.language : undefined;
}
