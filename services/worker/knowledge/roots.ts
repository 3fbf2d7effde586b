import { createHash } from "node:crypto";
import { tokenize } from "../../../shared/knowledge/analysis/tokenize.ts";

/** Letters by which words are compared: endings say little about what a sentence tells. */
const rootLetters = 6;

/** Beginnings of all terms of a text. */
export function rootsOf(text: string): Set<string> {
  const { words, extras } = tokenize(text);
  return new Set([...words, ...extras].map((term) => term.slice(0, rootLetters)));
}

/** Hash of a question's words: the same for another order, case or punctuation. */
export function hashWords(question: string): Buffer {
  const words = [...new Set(tokenize(question).words)].toSorted();
  return createHash("sha256").update(JSON.stringify(words)).digest();
}

/** Words from which a message without a question mark asks for something, rather than being small talk. */
const leastWords = 3;

export function mayAsk(message: string): boolean {
  return /[?？؟;՞]/u.test(message) || tokenize(message).words.length >= leastWords;
}
