import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CutText, cutPassages, cutWhole, passageWords } from "./cut-passages.ts";
import type { TextLine } from "./sections.ts";
import { splitSentences } from "./sentences.ts";
import { countWords } from "./units.ts";

/** Texts of the passages, read by their byte offsets. */
function read({ text, passages }: CutText): string[] {
  const bytes = Buffer.from(text, "utf8");
  return passages.map(({ start, end }) => bytes.toString("utf8", start, end));
}

/** Sentence of so many words. */
function sentence(words: number, word = "tea"): string {
  return `${Array.from({ length: words }, () => word).join(" ")}.`;
}

const section = (heading: string, level: 1 | 2 | 3, words: number): TextLine[] => [
  { text: heading, heading: level },
  { text: Array.from({ length: Math.ceil(words / 10) }, () => sentence(10)).join(" ") },
];

describe("cutPassages", () => {
  it("gives each section of enough words with its heading path", () => {
    const cut = cutPassages([...section("Help", 1, 100), ...section("Returns", 2, 100), ...section("Costs", 3, 90)]);
    expect(cut.passages.map(({ heading }) => heading)).toEqual(["Help", "Help › Returns", "Help › Returns › Costs"]);
    expect(read(cut).every((text) => text.startsWith("tea") && text.endsWith("tea."))).toBe(true);
  });

  it("joins short sections under the headings that they share, with their own headings in the text", () => {
    const cut = cutPassages([
      { text: "Help", heading: 1 },
      ...section("Returns", 2, 40),
      ...section("Delivery", 2, 50),
      ...section("Care", 2, 200),
    ]);
    expect(cut.passages.map(({ heading }) => heading)).toEqual(["Help", "Help › Care"]);
    expect(read(cut)[0]).toMatch(/^Returns\ntea[^]*\nDelivery\ntea/u);
  });

  it("keeps a question with its answer apart, however short", () => {
    const cut = cutPassages([
      { text: "Can I send it back?", heading: 2 },
      { text: "Yes, within 30 days." },
      { text: "送料はいくらですか？", heading: 2 },
      { text: "全国一律 500 円です。" },
    ]);
    expect(cut.passages.map(({ heading }) => heading)).toEqual(["Can I send it back?", "送料はいくらですか？"]);
    expect(read(cut)).toEqual(["Yes, within 30 days.", "全国一律 500 円です。"]);
  });

  it("cuts a long section between sentences, in parts of similar size", () => {
    const cut = cutPassages(section("Terms", 1, 1000));
    const counts = read(cut).map(countWords);
    expect(counts.length).toBeGreaterThan(3);
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(passageWords.least);
      expect(count).toBeLessThanOrEqual(passageWords.most);
    }
  });

  it("counts the words of Chinese, Japanese and Thai, which have no spaces", () => {
    for (const text of ["我们在三十天内接受退货。", "三十日以内に返品できます。", "คืนสินค้าได้ภายในสามสิบวัน\n"]) {
      const counts = read(cutPassages([{ text: text.repeat(200) }])).map(countWords);
      expect(counts.length).toBeGreaterThan(2);
      expect(Math.max(...counts)).toBeLessThanOrEqual(passageWords.most);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(passageWords.least);
    }
  });

  it("cuts a sentence of more words than a passage holds between words", () => {
    const cut = cutPassages([{ text: sentence(1000) }]);
    for (const text of read(cut)) expect(text).toMatch(/^tea( tea)*\.?\s?$/u);
    expect(read(cut).length).toBe(4);
  });

  it("takes a heading above nothing for text", () => {
    expect(read(cutPassages([{ text: "We are closed on Sunday", heading: 1 }]))).toEqual(["We are closed on Sunday"]);
  });

  it("gives no passage of blank lines", () => {
    expect(cutPassages([{ text: " " }, { text: "", heading: 1 }]).passages).toEqual([]);
  });

  it("puts offsets on characters and sentences, covers each word once, and keeps the order", () => {
    const word = fc.constantFrom("tea", "Größe", "退货", "😀", "ไทย", "e\u0301", "49,99 €", "\ud800");
    const text = fc.array(word, { minLength: 1, maxLength: 30 }).map((words) => `${words.join(" ")}.`);
    const line = fc.record(
      { text: fc.array(text, { maxLength: 8 }).map((all) => all.join(" ")), heading: fc.constantFrom(1, 2, 3) },
      { requiredKeys: ["text"] },
    );
    fc.assert(
      fc.property(fc.array(line as fc.Arbitrary<TextLine>, { maxLength: 12 }), (lines) => {
        const cut = cutPassages(lines);
        const bytes = Buffer.from(cut.text, "utf8");
        let before = 0;
        for (const { start, end } of cut.passages) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          const passage = bytes.toString("utf8", start, end);
          // A cut inside a character would show as U+FFFD and not give the same bytes again.
          expect(Buffer.from(passage, "utf8").equals(bytes.subarray(start, end))).toBe(true);
          // A sentence of Thai ends without a sign.
          expect(passage).toMatch(/^\S[^]*[.ย]$/u);
          expect(countWords(passage)).toBeLessThanOrEqual(passageWords.most);
          before = end;
        }
        const shown = read(cut).join(" ");
        for (const body of lines.filter(({ heading }) => heading === undefined)) {
          for (const { start, end } of splitSentences(body.text.toWellFormed())) {
            expect(shown).toContain(body.text.toWellFormed().slice(start, end));
          }
        }
      }),
    );
  });
});

describe("cutWhole", () => {
  it("makes one passage of a text", () => {
    const cut = cutWhole("Kann ich zurücksenden?", "Ja. Größe egal.");
    expect(cut.passages).toEqual([{ start: 0, end: 17, heading: "Kann ich zurücksenden?" }]);
  });
});

describe("splitSentences", () => {
  it.each([
    ["One. Two! Three?", ["One.", "Two!", "Three?"]],
    ["Wir liefern z. B. Tee. Bestellt am 3. Mai.", ["Wir liefern z. B. Tee.", "Bestellt am 3. Mai."]],
    ["退货免费。三十天内。", ["退货免费。", "三十天内。"]],
    ["It costs 4.50 EUR. Dr. No pays.", ["It costs 4.50 EUR.", "Dr. No pays."]],
    ["Size M\nSize L", ["Size M", "Size L"]],
    ["هل يمكن؟ نعم.", ["هل يمكن؟", "نعم."]],
    ["คืนสินค้าได้  ส่งฟรี 3 วัน", ["คืนสินค้าได้", "ส่งฟรี 3 วัน"]],
    [
      `${"สินค้า".repeat(16)} จอห์น ${"ส่งฟรี".repeat(4)} ชำระเงิน`,
      [`${"สินค้า".repeat(16)} จอห์น`, `${"ส่งฟรี".repeat(4)} ชำระเงิน`],
    ],
    [`${"ສົ່ງຟຣີ".repeat(20)} ຊຳລະເງິນ`, ["ສົ່ງຟຣີ".repeat(20), "ຊຳລະເງິນ"]],
  ])("splits %s", (text, sentences) => {
    expect(splitSentences(text).map(({ start, end }) => text.slice(start, end))).toEqual(sentences);
  });
});
