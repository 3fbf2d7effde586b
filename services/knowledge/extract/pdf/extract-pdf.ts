import { fileURLToPath } from "node:url";
import { getDocumentProxy } from "unpdf";
import { nameOfFile } from "../extract-text.ts";
import type { ExtractedLine, ExtractedPage } from "../extracted-page.ts";
import { countLetters, visibleText } from "../visible-text.ts";
import { dropPageEdges } from "./page-edges.ts";
import { buildLines, type PageLine, type PlacedText } from "./page-lines.ts";
import { buildParagraphs } from "./paragraphs.ts";

const maxPages = 500;
/** Below, the pages are pictures with a stamp or a page number. */
const minLettersOfPage = 5;
const maxPrivateShare = 0.3;
const unreadable = "scanned or unreadable: the file has pictures or signs without a meaning in place of text";

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;
type PdfPage = Awaited<ReturnType<PdfDocument["getPage"]>>;

/** Reads a PDF: lines by their places, filled form fields and notes. Rejects if the file is none or needs a password. */
export async function extractPdf(bytes: Uint8Array, url: string): Promise<ExtractedPage> {
  const pdf = await getDocumentProxy(bytes, { cMapUrl: mapsFolder(), cMapPacked: true, verbosity: 0 });
  const pages: PageLine[][] = [];
  const fields: ExtractedLine[] = [];
  for (let number = 1; number <= Math.min(pdf.numPages, maxPages); number += 1) {
    const page = await pdf.getPage(number);
    pages.push(buildLines(await readPieces(page)));
    fields.push(...(await readAnnotations(page)));
    page.cleanup();
  }
  const { title, language } = await readInfo(pdf);
  await pdf.loadingTask.destroy();
  const written = pages
    .flat()
    .flatMap(({ cells }) => cells.map(({ text }) => text))
    .join("");
  const kept = dropPageEdges(pages);
  const isPrivate = privateShare(written) > maxPrivateShare;
  const lines = [...(isPrivate ? [] : withoutPrivate(buildParagraphs(kept))), ...fields];
  const isEmpty = countLetters(lines.map(({ text }) => text).join("")) < minLettersOfPage * pages.length;
  return {
    title: title || (lines.find(({ heading }) => heading !== undefined)?.text ?? "") || nameOfFile(url),
    ...(language === undefined ? {} : { language }),
    noindex: false,
    lines,
    share: shareOfLetters(lines, written, fields),
    needsScript: false,
    notes: [
      ...(isPrivate || isEmpty ? [unreadable] : []),
      ...(pdf.numPages > maxPages ? [`only the first ${maxPages} of ${pdf.numPages} pages were read`] : []),
    ],
  };
}

/** Tables of Asian encodings, without which such text is empty. pdf.js wants a path that ends with a slash. */
function mapsFolder(): string {
  return fileURLToPath(new URL("cmaps/", import.meta.resolve("pdfjs-dist/package.json")));
}

async function readPieces(page: PdfPage): Promise<PlacedText[]> {
  const { items } = await page.getTextContent({ disableNormalization: true });
  return items.flatMap((item) => {
    if (!("str" in item)) return [];
    const [, , slant = 0, scale = 0, x = 0, y = 0] = item.transform as number[];
    const height = Math.hypot(slant, scale) || item.height;
    return [{ text: toPlainLetters(item.str), x, y, width: item.width, height }];
  });
}

/** Letters in place of their forms for print: ligatures, and the joined forms of Arabic. Other signs stay as they are. */
function toPlainLetters(text: string): string {
  return text.replaceAll(/[\ufb00-\ufb4f\ufb50-\ufdff\ufe70-\ufefc]+/g, (forms) => forms.normalize("NFKC"));
}

interface PdfAnnotation {
  subtype?: string;
  fieldName?: string;
  fieldValue?: unknown;
  alternativeText?: string;
  checkBox?: boolean;
  radioButton?: boolean;
  contentsObj?: { str?: string };
}

async function readAnnotations(page: PdfPage): Promise<ExtractedLine[]> {
  const annotations = (await page.getAnnotations()) as PdfAnnotation[];
  return annotations.flatMap((annotation) => {
    const text = visibleText(describeAnnotation(annotation));
    return text === "" ? [] : [{ text }];
  });
}

function describeAnnotation({ subtype, ...annotation }: PdfAnnotation): string {
  if (subtype === "FreeText" || subtype === "Text") return annotation.contentsObj?.str ?? "";
  if (subtype !== "Widget") return "";
  const value = [annotation.fieldValue]
    .flat()
    .filter((part) => typeof part === "string" && part !== "" && part !== "Off");
  const name = annotation.alternativeText || annotation.fieldName || "";
  if (value.length === 0) return "";
  return name === "" ? value.join(", ") : `${name}: ${value.join(", ")}`;
}

async function readInfo(pdf: PdfDocument): Promise<{ title: string; language?: string }> {
  const { info } = (await pdf.getMetadata()) as { info: { Title?: unknown; Language?: unknown } };
  const title = typeof info.Title === "string" ? visibleText(info.Title) : "";
  const isName =
    /^(?:untitled|unbenannt|microsoft (?:word|powerpoint|excel) - .*|.*\.(?:docx?|pdf|indd|pptx?|xlsx?))$/i.test(title);
  const language =
    typeof info.Language === "string" && /^[a-z]{2,3}\b/i.test(info.Language) ? info.Language : undefined;
  return { title: isName ? "" : title, ...(language === undefined ? {} : { language }) };
}

const privateSign = /[\ufffd\p{Co}]/gu;

function privateShare(text: string): number {
  const signs = text.match(privateSign)?.length ?? 0;
  return signs === 0 ? 0 : signs / (signs + countLetters(text));
}

/** Single private signs are bullets of symbol fonts. */
function withoutPrivate(lines: readonly ExtractedLine[]): ExtractedLine[] {
  return lines
    .map((line) => ({ ...line, text: visibleText(line.text.replaceAll(privateSign, " ")) }))
    .filter(({ text }) => text !== "");
}

function shareOfLetters(lines: readonly ExtractedLine[], written: string, fields: readonly ExtractedLine[]): number {
  const total = countLetters(written) + countAll(fields);
  return total === 0 ? 0 : Math.min(1, countAll(lines) / total);
}

function countAll(lines: readonly ExtractedLine[]): number {
  return lines.reduce((sum, { text }) => sum + countLetters(text), 0);
}
