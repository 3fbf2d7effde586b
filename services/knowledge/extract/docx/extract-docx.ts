import mammoth from "mammoth";
import { nameOfFile } from "../extract-text.ts";
import type { ExtractedPage } from "../extracted-page.ts";
import { extractHtml } from "../html/extract-html.ts";
import { prepareDocx } from "./prepare-docx.ts";

const maxNotes = 20;

/** Reads a DOCX file by way of HTML. Rejects with a message for the owner if it is none. */
export async function extractDocx(bytes: Uint8Array, url: string): Promise<ExtractedPage> {
  const prepared = prepareDocx(bytes);
  const { value, messages } = await mammoth.convertToHtml(
    { buffer: Buffer.from(prepared.bytes) },
    { convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: "" })) },
  );
  const language = prepared.language === undefined ? "" : ` lang="${prepared.language}"`;
  const html = `<html${language}><title>${prepared.title}</title><body><main>${value}</main></body></html>`;
  const { canonical: _, ...page } = extractHtml(html, url);
  const told = [...new Set(messages.map(({ message }) => message))].slice(0, maxNotes);
  return { ...page, title: page.title || nameOfFile(url), notes: [...page.notes, ...told] };
}
