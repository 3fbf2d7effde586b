import { marked } from "marked";
import { toHeadingLevel, type ExtractedLine, type ExtractedPage } from "./extracted-page.ts";
import { extractHtml } from "./html/extract-html.ts";
import { visibleText } from "./visible-text.ts";

/** Reads Markdown by way of HTML. Of a front matter, only title and language are read. */
export async function extractMarkdown(text: string, url: string): Promise<ExtractedPage> {
  const matter = /^\ufeff?---\r?\n([^]*?)\r?\n(?:---|\.\.\.)\s*(?:\r?\n|$)/.exec(text);
  const html = await marked.parse(text.slice(matter?.[0].length ?? 0), { gfm: true });
  const page = extractHtml(`<main>${html}</main>`, url);
  const title = matterValue(matter?.[1] ?? "", "title");
  const language = matterValue(matter?.[1] ?? "", "(?:lang|language)");
  return {
    ...page,
    title: title || page.title || nameOfFile(url),
    ...(/^[a-z]{2,3}(?:-[a-z\d]+)*$/i.test(language) ? { language } : {}),
  };
}

function matterValue(matter: string, key: string): string {
  const value = new RegExp(`^${key}:[ \\t]*(.*)$`, "im").exec(matter)?.[1] ?? "";
  return visibleText(value.replace(/^(["'])(.*)\1\s*$/, "$2"));
}

/**
 * Reads plain text. Its paragraphs end at empty lines. Where a text has none, each of its lines is one, and so are
 * items of lists and rows of tables.
 */
export function extractPlainText(text: string, url: string): ExtractedPage {
  const blocks = text.replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, "\n").split(/\n[ \t\f\v]*\n|\f/);
  const lines = blocks.flatMap((block) => (blocks.length === 1 ? block.split("\n").map(toLine) : readBlock(block)));
  const filled = lines.filter((line) => line.text !== "");
  return {
    title: nameOfFile(url),
    noindex: false,
    lines: filled,
    share: filled.length === 0 ? 0 : 1,
    needsScript: false,
    notes: filled.length === 0 ? ["no text found"] : [],
  };
}

function toLine(line: string): ExtractedLine {
  return { text: visibleText(line) };
}

function readBlock(block: string): ExtractedLine[] {
  const lines = block.split("\n").filter((line) => line.trim() !== "");
  const [first = "", second = ""] = lines;
  // Underlined by signs, as in Markdown.
  if (lines.length === 2 && /^\s*(?:=+|-+)\s*$/.test(second)) {
    return [{ text: visibleText(first), heading: toHeadingLevel(second.includes("=") ? 1 : 2) }];
  }
  const paragraphs: string[] = [];
  for (const line of lines) {
    const isOwn = /^\s*(?:[-*•–]|\d{1,3}[.)])\s/.test(line) || /\t|\S {3,}\S|^[^:]{1,40}:\s/.test(line);
    if (isOwn || paragraphs.length === 0) paragraphs.push(line);
    else paragraphs.push(joinWrapped(paragraphs.pop() ?? "", line));
  }
  return paragraphs.map(toLine);
}

/** Joins two lines of a paragraph; between signs of scripts without blanks there is none. */
export function joinWrapped(before: string, after: string): string {
  const isWithoutBlanks = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}、。」）]$/u.test(
    before.trimEnd(),
  );
  const continues = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}「（]/u.test(
    after.trimStart(),
  );
  return isWithoutBlanks && continues ? before.trimEnd() + after.trimStart() : `${before} ${after}`;
}

export function nameOfFile(url: string): string {
  const last = URL.parse(url)?.pathname.split("/").at(-1) ?? "";
  try {
    return visibleText(decodeURIComponent(last)).replace(/\.[a-z\d]{1,5}$/i, "");
  } catch {
    return last;
  }
}
