import { getBOMEncoding, normalizeEncoding, TextDecoder as StandardDecoder } from "@exodus/bytes/encoding.js";
import { contentTypeCharset, findMetaCharset } from "./meta-charset.ts";

interface DecodedPage {
  text: string;
  /** Name of the charset in lower case, such as `utf-8` or `euc-kr`. */
  charset: string;
}

/** Charset of pages that declare none and are not UTF-8, as in browsers. */
const fallback = "windows-1252";

/** Labels that servers send and the standard does not know. */
const aliases: Record<string, string> = {
  cp949: "euc-kr",
  ms949: "euc-kr",
  cp936: "gbk",
  cp932: "shift_jis",
  cp950: "big5",
  utf8mb4: "utf-8",
};

/**
 * Decodes a page. The first of these decides: byte order mark, header, UTF-8 if all bytes are valid and not only ASCII,
 * the page's own declaration, the charset of the site's other pages. Unknown labels are skipped.
 * @param hint charset of other pages of the site
 */
export function decodePage(bytes: Uint8Array, contentType?: string, hint?: string): DecodedPage {
  const certain = getBOMEncoding(bytes) ?? known(contentTypeCharset(contentType));
  if (certain !== undefined) return decodeAs(certain, bytes);
  const utf8 = asUtf8(bytes);
  if (utf8 !== undefined && !isAscii(utf8)) return { text: utf8, charset: "utf-8" };
  const declared = ofAscii(known(findMetaCharset(bytes))) ?? known(hint);
  return decodeAs(declared ?? (utf8 === undefined ? fallback : "utf-8"), bytes);
}

/** Finds the charset of a label. `replacement` stands for charsets that browsers refuse to decode. */
function known(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  const text = label.trim().toLowerCase();
  const name = normalizeEncoding(aliases[text] ?? text.replace(/^win-/, "windows-"));
  return name === null || name === "replacement" ? undefined : name;
}

/** Corrects a declaration that was read as ASCII, and so cannot be true (HTML, 13.2.3.2). */
function ofAscii(charset: string | undefined): string | undefined {
  if (charset === "utf-16le" || charset === "utf-16be") return "utf-8";
  return charset === "x-user-defined" ? fallback : charset;
}

/** Decodes with the tables of the standard; those of Node 24 have gaps in `euc-kr` and `big5`. */
function decodeAs(charset: string, bytes: Uint8Array): DecodedPage {
  return { text: new StandardDecoder(charset).decode(bytes), charset };
}

function asUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** ASCII fits every charset, and so tells none: `iso-2022-jp` is written in it. */
function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
