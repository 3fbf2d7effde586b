import { describe, expect, it } from "vitest";
import { extractMarkdown, extractPlainText } from "./extract-text.ts";

const url = "https://shop.test/help/how%20to%20return.md";

describe("extractMarkdown", () => {
  it("reads headings, lists and tables, with the title and language of a front matter", async () => {
    const text =
      "---\ntitle: 'Returns & refunds'\nlang: en\n---\n# Returns\nWithin **30**\ndays, see [terms](https://x.test).\n\n1. Pack\n2. Send\n\n| Land | Fee |\n| --- | --- |\n| Spain | 4 € |\n";
    const page = await extractMarkdown(text, url);
    expect(page).toMatchObject({ title: "Returns & refunds", language: "en" });
    expect(page.lines).toEqual([
      { text: "Returns", heading: 1 },
      { text: "Within 30 days, see terms." },
      { text: "1. Pack" },
      { text: "2. Send" },
      { text: "Land: Spain · Fee: 4 €" },
    ]);
  });

  it("is named after its heading, or else after its file", async () => {
    expect((await extractMarkdown("# Returns\n", url)).title).toBe("Returns");
    expect((await extractMarkdown("Text.", url)).title).toBe("how to return");
  });
});

describe("extractPlainText", () => {
  const read = (text: string) => extractPlainText(text, url).lines.map((line) => line.text);

  it("joins the lines of a paragraph, and keeps items and values apart", () => {
    expect(read("Within 30\r\ndays you may\nreturn it.\n\n- Pack\n- Send\n  it\n\nMon: 9-17\nTue: 10-18")).toEqual([
      "Within 30 days you may return it.",
      "- Pack",
      "- Send it",
      "Mon: 9-17",
      "Tue: 10-18",
    ]);
  });

  it("takes each line of a text without empty lines for a paragraph", () => {
    expect(read("One line.\nAnother one.")).toEqual(["One line.", "Another one."]);
  });

  it("joins lines without a blank where the script has none", () => {
    expect(read("商品は三十日以内に返\n品できます。\n\n次")).toEqual(["商品は三十日以内に返品できます。", "次"]);
  });

  it("says when there is no text", () => {
    expect(extractPlainText(" \n\u0000 ", url)).toMatchObject({ lines: [], share: 0, notes: ["no text found"] });
  });
});
