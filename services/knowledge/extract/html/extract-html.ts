import { parse } from "parse5";
import type { ExtractedLine, ExtractedPage } from "../extracted-page.ts";
import { countLetters } from "../visible-text.ts";
import { attributeOf, findElements, isHtmlElement, rawTextOf, type HtmlElement } from "./html-tree.ts";
import { readLines } from "./line-reader.ts";
import { findMainText, isFrameElement, isMain, isInvisible, lettersOf } from "./main-text.ts";
import { mergeStructuredText } from "./merge-structured-text.ts";
import { languageAttributeOf, readHead } from "./page-head.ts";
import { flattenShadowRoots } from "./shadow-roots.ts";
import { readStructuredText } from "./structured/structured-text.ts";

/** A page with fewer letters is nearly empty; one short answer has more. */
const fewLetters = 25;
const littleText = 200;
/** Text for visitors without scripts is an answer from this length on; before, it asks for scripts. */
const minNoscriptLetters = 80;
/** Elements that frameworks fill in the browser. */
const frameworkRoots = new Set("__next __nuxt root app app-root ___gatsby svelte q-app main-app".split(" "));

/**
 * Reads a page of HTML: its main text by structure, joined with what its JSON-LD says of questions, products and hours.
 * `url` is the page's address. Markup that looks like Markdown or a link definition stays text.
 */
export function extractHtml(html: string, url: string): ExtractedPage {
  const document = parse(html, { scriptingEnabled: false });
  flattenShadowRoots(document);
  const head = readHead(document, url);
  const [body] = findElements(document, (element) => isHtmlElement(element, "body", "frameset"));
  if (body === undefined) return { ...head, lines: [], share: 0, needsScript: false, notes: ["no text found"] };
  const roots = findMainText(body);
  const language = roots.map(languageAttributeOf).find((tag) => tag !== undefined) ?? head.language;
  const shown = readShownText(roots, body);
  const structured = readStructuredText(document, language);
  const lines = mergeStructuredText(shown.lines, structured);
  const needsScript =
    structured.questions.length + structured.facts.length === 0 && isEmptyWithoutScript(document, body, lines);
  return {
    ...head,
    title: head.title === "" ? (lines.find(({ heading }) => heading === 1)?.text ?? "") : head.title,
    ...(language === undefined ? {} : { language }),
    lines,
    share: shareOf(shown.letters, lettersOf(body)),
    needsScript,
    notes: [...structured.notes, ...describeEmptiness(lines, needsScript)],
  };
}

function readShownText(roots: readonly HtmlElement[], body: HtmlElement): { lines: ExtractedLine[]; letters: number } {
  const shown = readLines(roots, isLeftOut);
  // Some pages put their whole text into a navigation.
  const found = shown.lines.length > 0 ? shown : readLines(findElements(body, isMain), isInvisible);
  const noscript = readNoscript(roots, found.lines.length > 0);
  const texts = new Set(found.lines.map(({ text }) => text));
  // Text of pictures and lists that scripts load later is often there twice.
  return { lines: [...found.lines, ...noscript.filter(({ text }) => !texts.has(text))], letters: found.letters };
}

function isLeftOut(element: HtmlElement): boolean {
  return isInvisible(element) || isFrameElement(element);
}

/** Text for visitors without scripts, unless it only asks for scripts. */
function readNoscript(roots: readonly HtmlElement[], isBeside: boolean): ExtractedLine[] {
  const boxes = roots.flatMap((root) => findElements(root, (element) => isHtmlElement(element, "noscript")));
  return boxes
    .filter((box) => !/java\s?script/i.test(rawTextOf(box)))
    .filter((box) => isBeside || lettersOf(box) >= minNoscriptLetters)
    .flatMap((box) => readLines([box], (element) => element !== box && isInvisible(element)).lines);
}

function shareOf(taken: number, all: number): number {
  return all === 0 ? 0 : Math.min(1, Math.round((1000 * taken) / all) / 1000);
}

/** Tells whether a page shows (nearly) nothing until its scripts have run. */
function isEmptyWithoutScript(
  document: Parameters<typeof findElements>[0],
  body: HtmlElement,
  lines: ExtractedLine[],
): boolean {
  if (findElements(document, isRunScript).length === 0) return false;
  const letters = lines.reduce((sum, { text }) => sum + countLetters(text), 0);
  if (letters < fewLetters && !lines.some(({ heading }) => heading === undefined)) return true;
  if (letters >= littleText) return false;
  return findElements(body, isFrameworkRoot).some((root) => lettersOf(root) < fewLetters);
}

function isRunScript(element: HtmlElement): boolean {
  return isHtmlElement(element, "script") && attributeOf(element, "type") !== "application/ld+json";
}

function isFrameworkRoot(element: HtmlElement): boolean {
  return frameworkRoots.has(attributeOf(element, "id") ?? "") || element.tagName === "app-root";
}

function describeEmptiness(lines: readonly ExtractedLine[], needsScript: boolean): string[] {
  if (needsScript) return ["no text found: the page shows its text by scripts only"];
  return lines.length === 0 ? ["no text found"] : [];
}
