import type { ExtractedLine } from "../extracted-page.ts";
import { comparableText } from "../visible-text.ts";
import type { StructuredFact } from "./structured/schema-node.ts";
import type { StructuredText } from "./structured/structured-text.ts";

/**
 * Adds to a page's lines what its structured data alone says: facts before the text, an answer below its question if
 * the page shows the question, and other questions with their answers at the end. Nothing is said twice.
 */
export function mergeStructuredText(
  shown: readonly ExtractedLine[],
  { facts, questions }: StructuredText,
): ExtractedLine[] {
  if (facts.length + questions.length === 0) return [...shown];
  const lines = [...shown];
  const comparable = lines.map(({ text }) => comparableText(text));
  const all = comparable.join(" ");
  const shownTokens = tokensOf(shown.map(({ text }) => text).join(" "));
  const added: ExtractedLine[] = [];
  for (const { question, answer } of questions) {
    const missing = answer.filter(({ text }) => !isShown(text, comparable, all));
    if (missing.length === 0) continue;
    const place = comparable.indexOf(comparableText(question));
    if (place === -1) {
      added.push({ text: question, heading: 3 }, ...answer);
    } else {
      lines.splice(place + 1, 0, ...missing);
      comparable.splice(place + 1, 0, ...missing.map(({ text }) => comparableText(text)));
    }
  }
  const missingFacts = facts.filter((fact) => !isFactShown(fact, shownTokens)).map(({ text }) => ({ text }));
  return [...missingFacts, ...lines, ...added];
}

/** Tells whether the page shows a text, in one line or over several. */
function isShown(text: string, comparable: readonly string[], all: string): boolean {
  const wanted = comparableText(text);
  return wanted === "" || comparable.includes(wanted) || all.replaceAll(" ", "").includes(wanted);
}

function isFactShown({ text, values }: StructuredFact, shown: string): boolean {
  const wanted = values.length > 0 ? values : [text];
  return wanted.every((value) => shown.includes(tokensOf(value)));
}

/** Words and numbers of a text between blanks. `49.9` and `49,90`, or `1.299` and `1299.00`, are one number. */
function tokensOf(text: string): string {
  const tokens =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/\p{N}+(?:[.,:]\p{N}+)*|\p{L}+/gu) ?? [];
  const bare = tokens.map((token) => {
    return token
      .replace(/[.,](\d)$/, "$10")
      .replace(/[.,]00$/, "")
      .replaceAll(/[.,:]/g, "");
  });
  return ` ${bare.join(" ")} `;
}
