import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { extractDocx } from "./extract-docx.ts";

const namespaces = [
  'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"',
  'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"',
  'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"',
  'xmlns:v="urn:schemas-microsoft-com:vml"',
].join(" ");
const types = "application/vnd.openxmlformats-officedocument.wordprocessingml";
const relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/** A DOCX file with that body and those other parts of the folder `word`. */
function docxOf(body: string, parts: Record<string, string> = {}): Uint8Array {
  const files: Record<string, string> = {
    "[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="${types}.document.main+xml"/></Types>`,
    "_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${relation}/officeDocument" Target="word/document.xml"/></Relationships>`,
    "word/document.xml": `<w:document ${namespaces}><w:body>${body}</w:body></w:document>`,
    ...Object.fromEntries(Object.entries(parts).map(([name, xml]) => [`word/${name}`, xml])),
  };
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, xml]) => [name, strToU8(xml)])));
}

const run = (text: string, properties = "") =>
  `<w:r><w:rPr>${properties}</w:rPr><w:t xml:space="preserve">${text}</w:t></w:r>`;
const paragraph = (...runs: string[]) => `<w:p>${runs.join("")}</w:p>`;

async function read(body: string, parts?: Record<string, string>): Promise<string[]> {
  const { lines } = await extractDocx(docxOf(body, parts), "https://shop.test/terms.docx");
  return lines.map(({ text }) => text);
}

describe("extractDocx", () => {
  it.each([
    ["simple fields", `<w:fldSimple w:instr="X">${run("field")}</w:fldSimple>`, "field"],
    ["set directions", `<w:bdo w:val="rtl">${run("one")}</w:bdo> <w:dir w:val="rtl">${run(" two")}</w:dir>`, "one two"],
    [
      "the base of ruby text",
      `<w:r><w:ruby><w:rubyPr><w:lid w:val="ja"/></w:rubyPr><w:rt>${run("top")}</w:rt><w:rubyBase>${run("base")}</w:rubyBase></w:ruby></w:r>`,
      "base",
    ],
    [
      "formulas, with their fractions",
      "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>",
      "1/2",
    ],
    [
      "breaks of each kind as blanks",
      `${run("a")}<w:r><w:br/></w:r>${run("b")}<w:r><w:br w:type="page"/></w:r>${run("c")}<w:r><w:cr/></w:r>${run("d")}<w:r><w:tab/></w:r>${run("e")}`,
      "a b c d e",
    ],
    [
      "hyphens that do not break, and no soft ones",
      "<w:r><w:t>T</w:t><w:noBreakHyphen/><w:t>Shirt re</w:t><w:softHyphen/><w:t>turn</w:t></w:r>",
      "T-Shirt return",
    ],
    [
      "raised numbers apart, and old prices as such",
      `${run("49", "<w:strike/>")}${run(" 10")}${run("2", '<w:vertAlign w:val="superscript"/>')}`,
      "(old: 49) 10^2",
    ],
  ])("reads %s", async (_, runs, expected) => {
    expect(await read(paragraph(runs))).toEqual([expected]);
  });

  it("leaves out hidden and deleted words", async () => {
    const mark = "<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>";
    const deleted = '<w:del w:id="1"><w:r><w:delText>deleted</w:delText></w:r></w:del>';
    expect(
      await read(
        paragraph(
          mark,
          run("shown"),
          run(" hidden", "<w:b/><w:vanish/>"),
          deleted,
          run(" on", '<w:vanish w:val="0"/>'),
        ),
      ),
    ).toEqual(["shown on"]);
  });

  it("puts notes at their places", async () => {
    const note = `<w:footnotes ${namespaces}><w:footnote w:id="2">${paragraph(run("Not on islands &amp; abroad."))}</w:footnote></w:footnotes>`;
    expect(
      await read(paragraph(run("Free"), '<w:r><w:footnoteReference w:id="2"/></w:r>', run(".")), {
        "footnotes.xml": note,
      }),
    ).toEqual(["Free (Not on islands & abroad.)."]);
  });

  it("reads a text box once, of old and of new kind", async () => {
    const box = (text: string) => `<w:txbxContent>${paragraph(run(text))}</w:txbxContent>`;
    const old = `<w:pict><v:shape><v:textbox>${box("old")}</v:textbox></v:shape></w:pict>`;
    const both = `<mc:AlternateContent><mc:Choice Requires="wps">${box("new")}</mc:Choice><mc:Fallback>${old}</mc:Fallback></mc:AlternateContent>`;
    const alone = `<mc:AlternateContent><mc:Choice Requires="wps">${box("alone")}</mc:Choice></mc:AlternateContent>`;
    expect(await read(paragraph(`<w:r>${both}</w:r>`) + paragraph(`<w:r>${alone}</w:r>`))).toEqual(["old", "alone"]);
  });

  it("names the columns of tables", async () => {
    const row = (cells: string[], properties = "") =>
      `<w:tr>${properties}${cells.map((cell) => `<w:tc>${paragraph(run(cell))}</w:tc>`).join("")}</w:tr>`;
    const table = `<w:tbl>${row(["Land", "Fee"], "<w:trPr><w:tblHeader/></w:trPr>")}${row(["Spain", ""])}${row(["Italy", "4"])}</w:tbl>`;
    expect(await read(table)).toEqual(["Land: Spain · Fee: –", "Land: Italy · Fee: 4"]);
  });

  it("takes title and language from the file, and passes on what mammoth says", async () => {
    const page = await extractDocx(
      docxOf('<w:p><w:pPr><w:pStyle w:val="Odd"/></w:pPr><w:r><w:t>Text.</w:t></w:r></w:p>', {
        "styles.xml": `<w:styles ${namespaces}><w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="de-AT"/></w:rPr></w:rPrDefault></w:docDefaults></w:styles>`,
      }),
      "https://shop.test/terms.docx",
    );
    expect(page).toMatchObject({ title: "terms", language: "de-AT", share: 1 });
    expect(page.notes).toContain("Paragraph style with ID Odd was referenced but not defined in the document");
  });

  it("rejects what is no such file", async () => {
    await expect(extractDocx(strToU8("no zip"), "https://shop.test/")).rejects.toThrow();
  });
});
