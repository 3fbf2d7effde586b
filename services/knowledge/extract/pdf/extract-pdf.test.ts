import { describe, expect, it } from "vitest";
import { extractPdf } from "./extract-pdf.ts";

type Piece = [text: string, x: number, y: number, size?: number];

/** Objects of a PDF as a file. */
function fileOf(objects: string[], info = ""): Uint8Array {
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join("")}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${info} >>\nstartxref\n${start}\n%%EOF\n`;
  return Uint8Array.from(file, (sign) => sign.codePointAt(0) ?? 0);
}

const stream = (content: string, entries = "") =>
  `<< /Length ${content.length} ${entries} >>\nstream\n${content}\nendstream`;

/** A file of pages. Each text is written with a font whose signs are UTF-16 units, as many programs make them. */
function pdfOf(pages: Piece[][], annotations: string[] = []): Uint8Array {
  const used = [...new Set(pages.flat().flatMap(([text]) => text.split("")))];
  const hex = (unit: string) => (unit.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
  const map = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange ${used.length} beginbfchar ${used.map((unit) => `<${hex(unit)}> <${hex(unit)}>`).join(" ")} endbfchar endcmap end end`;
  const firstPage = 6 + annotations.length;
  const kids = pages.map((_, index) => `${firstPage + 2 * index} 0 R`);
  const notes = annotations.map((_, index) => `${6 + index} 0 R`).join(" ");
  return fileOf([
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${kids.join(" ")}] /Count ${pages.length} >>`,
    "<< /Type /Font /Subtype /Type0 /BaseFont /Some /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
    "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Some /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 /FontDescriptor << /Type /FontDescriptor /FontName /Some /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >> /CIDToGIDMap /Identity >>",
    stream(map),
    ...annotations,
    ...pages.flatMap((pieces, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${firstPage + 2 * index + 1} 0 R /Resources << /Font << /F1 3 0 R >> >> /Annots [${notes}] >>`,
      stream(
        pieces
          .map(
            ([text, x, y, size = 10]) => `BT /F1 ${size} Tf ${x} ${y} Td <${text.split("").map(hex).join("")}> Tj ET`,
          )
          .join("\n"),
      ),
    ]),
  ]);
}

async function read(...pages: Piece[][]) {
  return extractPdf(pdfOf(pages), "https://shop.test/terms.pdf");
}

/** A word as it is drawn from left to right. */
const drawn = (word: string) => word.split("").toReversed().join("");

const texts = async (...pages: Piece[][]) => (await read(...pages)).lines.map(({ text }) => text);

describe("extractPdf", () => {
  it("joins lines to paragraphs, and words that were divided", async () => {
    const lines = [
      "We offer free ship-",
      "ping. Our pre-",
      "order items, e-",
      "mail, T-",
      "Shirts, 3-",
      "5 days, Rück-",
      "gabe.",
    ];
    expect(await texts(lines.map((text, index): Piece => [text, 60, 800 - 12 * index]))).toEqual([
      "We offer free shipping. Our pre-order items, e-mail, T-Shirts, 3-5 days, Rückgabe.",
    ]);
  });

  it("begins a paragraph at a wider gap, and takes larger lines for headings", async () => {
    const page = await read([
      ["Returns", 60, 800, 18],
      ["Within 30", 60, 780],
      ["days.", 60, 768],
      ["Free.", 60, 740],
    ]);
    expect(page.lines).toEqual([{ text: "Returns", heading: 1 }, { text: "Within 30 days." }, { text: "Free." }]);
    expect(page.title).toBe("Returns");
  });

  it("names the columns of a table, and leaves its empty cells empty", async () => {
    const table: Piece[] = [
      ["Country", 60, 800],
      ["Standard", 210, 800],
      ["Express", 360, 800],
      ["Germany", 60, 784],
      ["4.90", 210, 784],
      ["9.90", 360, 784],
      ["Austria", 60, 768],
      ["14.90", 360, 768],
      ["Prices include tax.", 60, 740],
    ];
    expect(await texts(table)).toEqual([
      "Country: Germany · Standard: 4.90 · Express: 9.90",
      "Country: Austria · Standard: – · Express: 14.90",
      "Prices include tax.",
    ]);
  });

  it("keeps cells apart where no names stand above them", async () => {
    expect(
      await texts([
        ["Monday", 60, 800],
        ["9-17", 210, 800],
        ["Sunday", 60, 784],
        ["closed", 210, 784],
      ]),
    ).toEqual(["Monday · 9-17", "Sunday · closed"]);
  });

  it("reads columns one after the other, in whatever order they are in the file", async () => {
    const left = [
      "Returns take up to thirty",
      "days from the day on which",
      "we have delivered what you",
      "ordered in our shop.",
    ];
    const right = [
      "Opening hours are from nine",
      "to five on each weekday, and",
      "from ten to two on Saturday,",
      "but never on a Sunday.",
    ];
    const column = (lines: string[], x: number) => lines.map((text, index): Piece => [text, x, 800 - 12 * index]);
    const across = left.flatMap((text, index): Piece[] => [
      [text, 60, 800 - 12 * index],
      [right[index] ?? "", 320, 800 - 12 * index],
    ]);
    const expected = [left.join(" "), right.join(" ")];
    expect(await texts([...column(left, 60), ...column(right, 320)])).toEqual(expected);
    expect(await texts(across)).toEqual(expected);
  });

  it("reads Hebrew and Arabic from the right, and numbers and Latin words in them from the left", async () => {
    expect(
      await texts([
        [drawn("ימים"), 60, 800],
        [" ", 80, 800],
        ["30", 85, 800],
        [" ", 95, 800],
        [drawn("תוך"), 100, 800],
      ]),
    ).toEqual(["תוך 30 ימים"]);
    expect(
      await texts([
        [drawn("ﺑﻜﻢ"), 60, 800],
        [" ", 75, 800],
        [drawn("ﻣﺮﺣﺒﺎ"), 80, 800],
      ]),
    ).toEqual(["مرحبا بكم"]);
    expect(
      await texts([
        [drawn("ברוכים הבאים"), 130, 800],
        ["Parley", 60, 800],
        ["Shop", 95, 800],
      ]),
    ).toEqual(["ברוכים הבאים Parley Shop"]);
  });

  it("reads the cells of a Hebrew row from the right", async () => {
    const row: Piece[] = [
      ["9-17", 60, 800],
      [drawn("ראשון"), 300, 800],
    ];
    expect(await texts(row)).toEqual(["ראשון · 9-17"]);
  });

  it("has ligatures as letters, keeps other signs, and joins Japanese lines without a blank", async () => {
    expect(await texts([["ﬁrst oﬃce, 5 m², ½", 60, 800]])).toEqual(["first office, 5 m², ½"]);
    expect(
      await texts([
        ["三十日以内に返", 60, 800],
        ["品できます。", 60, 788],
      ]),
    ).toEqual(["三十日以内に返品できます。"]);
  });

  it("drops the lines that repeat at the edges of pages, with their numbers", async () => {
    const own = ["Alpacas eat hay.", "Badgers sleep.", "Cougars hunt.", "Dingoes run."];
    const pages = own.map((text, index): Piece[] => [
      ["ACME terms", 60, 820],
      [text, 60, 500],
      [`Page ${index + 1} of 4`, 60, 30],
    ]);
    expect(await texts(...pages)).toEqual(own);
    expect(await texts(...pages.slice(0, 2))).toContain("ACME terms");
  });

  it("writes text once that is printed twice to look bold", async () => {
    expect(
      await texts([
        ["Bold words", 60, 800],
        ["Bold words", 60.3, 800],
      ]),
    ).toEqual(["Bold words"]);
  });

  it("reads filled fields and notes", async () => {
    const annotations = [
      "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /TU (Your name) /V (Ana) /Rect [60 700 160 720] >>",
      "<< /Type /Annot /Subtype /Widget /FT /Tx /T (empty) /Rect [60 600 160 620] >>",
      "<< /Type /Annot /Subtype /Text /Contents (Not on Sundays.) /Rect [60 500 80 520] >>",
    ];
    const { lines } = await extractPdf(pdfOf([[["Order form", 60, 800]]], annotations), "https://shop.test/form.pdf");
    expect(lines.map(({ text }) => text)).toEqual(["Order form", "Not on Sundays.", "Your name: Ana"]);
  });

  it("says that pages without text, or with signs without a meaning, are scanned or unreadable", async () => {
    const note = [expect.stringContaining("scanned or unreadable")];
    expect(await read([["\ue001\ue002\ue003 30 \ue004\ue005", 60, 800]])).toMatchObject({ lines: [], notes: note });
    expect(await read([], [["1", 60, 30]])).toMatchObject({ notes: note });
    expect(await texts([["\uf0b7 Pack it.", 60, 800]])).toEqual(["Pack it."]);
  });

  it("reads text in an encoding of East Asia by its table", async () => {
    const font = "<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin /Encoding /90ms-RKSJ-H /DescendantFonts [4 0 R] >>";
    const file = fileOf([
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
      font,
      "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /FontDescriptor << /Type /FontDescriptor /FontName /Ryumin /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >> >>",
      stream("BT /F1 12 Tf 60 800 Td <95d4956982cd82c582ab82dc82b7> Tj ET"),
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
    ]);
    const { lines } = await extractPdf(file, "https://shop.test/ja.pdf");
    expect(lines.map(({ text }) => text)).toEqual(["返品はできます"]);
  });

  it("rejects what is no such file", async () => {
    await expect(extractPdf(new TextEncoder().encode("no file"), "https://shop.test/")).rejects.toThrow();
  });
});
