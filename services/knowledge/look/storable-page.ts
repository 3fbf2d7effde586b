import type { ExtractedLine, ExtractedPage } from "../extract/extracted-page.ts";

/** Maximum characters of one document: some thousand passages, which take seconds to analyse. */
const maxChars = 1_000_000;

/** Cuts a page to what is stored: well-formed text without NUL, which PostgreSQL does not take, up to a length. */
export function toStorablePage(page: ExtractedPage): ExtractedPage {
  const lines: ExtractedLine[] = [];
  let chars = 0;
  for (const line of page.lines) {
    const text = storableText(line.text)
      .slice(0, maxChars - chars)
      .toWellFormed();
    if (text === "") continue;
    chars += text.length;
    lines.push({ ...line, text });
    if (chars >= maxChars) break;
  }
  const notes = chars < maxChars ? page.notes : [...page.notes, `only its first ${maxChars} characters were taken`];
  return {
    ...page,
    title: storableText(page.title),
    lines,
    notes: notes.map((note) => storableText(note)),
    ...(page.canonical !== undefined && { canonical: storableText(page.canonical) }),
    ...(page.language !== undefined && { language: storableText(page.language) }),
  };
}

/** Replaces lone surrogates, and drops NUL. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "");
}
