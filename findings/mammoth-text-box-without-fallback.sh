#!/usr/bin/env bash
# mammoth 1.13.0, with fflate 0.8.3 to make the file.
# Expected: a text box in a DOCX file gives its text. It stands in mc:AlternateContent, whose mc:Fallback is optional
#   (ECMA-376, part 3, 9.3); the namespace that mc:Choice requires, wps, is the one in which Word 2010 and later write text boxes.
# Observed: mammoth reads the fallback alone. Without one, the text is missing from the HTML and from the raw text, and no message
#   says so. With one, the text is there.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mammoth@1.13.0 fflate@0.8.3
cat >text-box.mjs <<'JS'
import { strToU8, zipSync } from "fflate";
import mammoth from "mammoth";

const paragraph = (text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;
const box = `<w:drawing><wp:inline><a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">
  <wps:wsp><wps:txbx><w:txbxContent>${paragraph("Express: 9 euros")}</w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp>
  </a:graphicData></a:graphic></wp:inline></w:drawing>`;
const shape = `<w:pict><v:shape><v:textbox><w:txbxContent>${paragraph("Express: 9 euros")}</w:txbxContent></v:textbox></v:shape></w:pict>`;

function docx(fallback) {
  const document = `<?xml version="1.0"?><w:document
    xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
    xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
    xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
    xmlns:v="urn:schemas-microsoft-com:vml"><w:body>${paragraph("Delivery")}<w:p><w:r><mc:AlternateContent>
    <mc:Choice Requires="wps">${box}</mc:Choice>${fallback}</mc:AlternateContent></w:r></w:p></w:body></w:document>`;
  const types = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
    <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
    <Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`;
  const rels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`;
  const parts = { "[Content_Types].xml": types, "_rels/.rels": rels, "word/document.xml": document };
  const files = Object.entries(parts).map(([name, text]) => [name, strToU8(text)]);
  return { buffer: Buffer.from(zipSync(Object.fromEntries(files))) };
}

const without = await mammoth.convertToHtml(docx(""));
const raw = await mammoth.extractRawText(docx(""));
const withOne = await mammoth.convertToHtml(docx(`<mc:Fallback>${shape}</mc:Fallback>`));
console.log(`without a fallback: ${without.value} ${JSON.stringify(without.messages)}, raw: ${JSON.stringify(raw.value)}`);
console.log(`with a fallback: ${withOne.value}`);
const isMissing = ![without.value, raw.value].some((text) => text.includes("Express")) && without.messages.length === 0;
process.exit(isMissing && without.value.includes("Delivery") && withOne.value.includes("Express: 9 euros") ? 0 : 1);
JS
node text-box.mjs
