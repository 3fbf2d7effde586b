/** Formats figures and texts for operators' pages; "–" marks an unknown value. */

const none = "–";

/**
 * UTC, to the second.
 * @param millis Unix milliseconds
 */
export function formatTime(millis: number | null): string {
  return millis === null ? none : `${new Date(millis).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function formatDuration(ms: number | null): string {
  if (ms === null) return none;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

export function formatUsd(usd: number | null): string {
  if (usd === null) return none;
  return `$${usd.toFixed(usd !== 0 && usd < 0.1 ? 4 : 2)}`;
}

export function formatShare(part: number, whole: number): string {
  return whole === 0 ? none : `${((100 * part) / whole).toFixed(1)} %`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

const sentences = new Intl.Segmenter("en", { granularity: "sentence" });
const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Characters of the shown sentence, as people count them. */
const maxChars = 120;

/** First sentence of a message in any language, cut between whole characters. */
export function firstSentence(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  const [first] = sentences.segment(line);
  const sentence = first?.segment.trim() ?? "";
  const shown = Array.from(characters.segment(sentence), ({ segment }) => segment);
  return shown.length > maxChars ? `${shown.slice(0, maxChars - 1).join("")}…` : sentence;
}
