import type { ExtractedPage } from "./extracted-page.ts";
import { extractMarkdown, extractPlainText } from "./extract-text.ts";
import { extractHtml } from "./html/extract-html.ts";

/** A page or file to read: decoded text, or the bytes of a PDF or DOCX file. */
export type ExtractionInput = {
  /** Address of the page, to resolve its canonical address and to name a file without a title. */
  url: string;
  /** As the server or the file's name says; parameters are ignored. */
  mediaType: string;
} & ({ text: string } | { bytes: Uint8Array });

export type Extraction = ExtractedPage | { failed: string };

const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/** Reads one page or file. Errors of the readers become a message for the owner. */
export async function runExtraction(input: ExtractionInput): Promise<Extraction> {
  try {
    return await read(input);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { failed: `the file cannot be read: ${message.slice(0, 200)}` };
  }
}

async function read(input: ExtractionInput): Promise<Extraction> {
  const type = input.mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
  if ("text" in input) {
    const { text, url } = input;
    if (type === "text/html") return extractHtml(text, url);
    if (type === "application/xhtml+xml") return extractHtml(withoutSelfClosing(text), url);
    if (/^text\/(?:x-)?markdown$/.test(type)) return extractMarkdown(text, url);
    if (type === "text/plain") return extractPlainText(text, url);
    return { failed: `a text of type ${JSON.stringify(type)} is not read: HTML, Markdown and plain text are` };
  }
  // Most sites have neither: the readers are loaded when the first file comes.
  if (type === "application/pdf") return (await import("./pdf/extract-pdf.ts")).extractPdf(input.bytes, input.url);
  if (type === docx) return (await import("./docx/extract-docx.ts")).extractDocx(input.bytes, input.url);
  return { failed: `a file of type ${JSON.stringify(type)} is not read: PDF and DOCX are` };
}

/** Ends elements that XHTML may close at once. HTML would read the rest of the page as their content. */
function withoutSelfClosing(xhtml: string): string {
  return xhtml.replaceAll(/<(a|div|iframe|p|script|span|style|textarea|title)\b([^<>]*)\/>/gi, "<$1$2></$1>");
}
