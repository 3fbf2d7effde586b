import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { inlineNotes } from "./inline-notes.ts";

/** Uncompressed bytes of the parts that are read. Text of this size fills a thousand pages. */
const maxPartBytes = 30_000_000;

interface PreparedDocx {
  bytes: Uint8Array;
  title: string;
  language?: string;
}

/**
 * Rewrites the parts of a DOCX file that mammoth leaves out or glues into forms that it reads: fields, directions, ruby
 * bases, formulas, breaks, new text boxes, and notes at their places. Hidden words go, and so do pictures.
 */
export function prepareDocx(bytes: Uint8Array): PreparedDocx {
  const parts = readParts(bytes);
  const texts = new Map<string, string>();
  for (const [name, part] of Object.entries(parts)) {
    if (/^word\/[^/]+\.xml$/.test(name)) texts.set(name, strFromU8(part));
  }
  for (const [name, xml] of texts) {
    if (!/\/(?:styles|numbering|settings|fontTable|webSettings)/.test(name)) {
      parts[name] = strToU8(rewriteText(inlineNotes(xml, texts)));
    }
  }
  const core = parts["docProps/core.xml"];
  const language = /<w:lang\b[^>]*?\bw:val="([\w-]+)"/.exec(texts.get("word/styles.xml") ?? "")?.[1];
  return {
    bytes: zipSync(parts, { level: 0 }),
    title: /<dc:title>([^<]*)</.exec(core === undefined ? "" : strFromU8(core))?.[1] ?? "",
    ...(language === undefined ? {} : { language }),
  };
}

function readParts(bytes: Uint8Array): Record<string, Uint8Array> {
  let total = 0;
  return unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      if (!/\.(?:xml|rels)$/.test(name)) return false;
      total += originalSize;
      if (total > maxPartBytes) throw new RangeError(`the text of the file exceeds ${maxPartBytes} bytes`);
      return true;
    },
  });
}

function rewriteText(xml: string): string {
  return withoutHidden(xml)
    .replaceAll(
      /<mc:AlternateContent\b[^>]*>(?:(?!<\/mc:AlternateContent>)[^])*<\/mc:AlternateContent>/g,
      keepTextBoxes,
    )
    .replaceAll(/<w:(?:rubyPr|rt)\b[^>]*>[^]*?<\/w:(?:rubyPr|rt)>/g, "")
    .replaceAll(/<(\/?)w:(?:fldSimple|bdo|dir|ruby|rubyBase)\b(?:[^>]*?)(\/?)>/g, "<$1w:smartTag$2>")
    .replaceAll(/<m:t\b[^>]*>([^<]*)<\/m:t>/g, '<w:r><w:t xml:space="preserve">$1</w:t></w:r>')
    .replaceAll(/<m:(den|sup|sub)>/g, (_, kind: string) => `<w:smartTag>${formulaSign(kind)}`)
    .replaceAll(/<(\/?)m:\w+\b(?:[^>]*?)(\/?)>/g, "<$1w:smartTag$2>")
    .replaceAll(/<w:(?:cr|br)\b[^>]*\/>/g, "<w:br/>")
    .replaceAll(/<w:ptab\b[^>]*\/>/g, "<w:tab/>");
}

function formulaSign(kind: string): string {
  const sign = { den: "/", sup: "^", sub: "_" }[kind] ?? "";
  return `<w:r><w:t>${sign}</w:t></w:r>`;
}

/** A text box without the form for old versions of Word gets that form, the one that mammoth reads. */
function keepTextBoxes(alternatives: string): string {
  if (alternatives.includes("<mc:Fallback")) return alternatives;
  const boxes = alternatives.match(/<w:txbxContent\b[^>]*>[^]*?<\/w:txbxContent>/g) ?? [];
  return boxes.length === 0
    ? alternatives
    : `<w:pict><v:shape><v:textbox>${boxes.join("")}</v:textbox></v:shape></w:pict>`;
}

/** Removes the runs that Word does not show. */
function withoutHidden(xml: string): string {
  let kept = "";
  let from = 0;
  for (const run of xml.matchAll(/<w:r(?:\s[^>]*)?>\s*<w:rPr>([^]*?)<\/w:rPr>/g)) {
    if (run.index < from || !/<w:vanish(?:\s+w:val="(?:1|true|on)")?\s*\/>/.test(run[1] ?? "")) continue;
    const end = xml.indexOf("</w:r>", run.index);
    if (end === -1) break;
    kept += xml.slice(from, run.index);
    from = end + "</w:r>".length;
  }
  return kept + xml.slice(from);
}
