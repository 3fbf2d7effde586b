import { describe, expect, it } from "vitest";
import type { ExtractedPage } from "./extracted-page.ts";
import { dropFrameLines } from "./frame-lines.ts";

function pageOf(...texts: string[]): ExtractedPage {
  const lines = texts.map((text) => ({ text }));
  return { title: "", noindex: false, lines, share: 1, needsScript: false, notes: [] };
}

const newsletter = "Get our letter";
const texts = (pages: ExtractedPage[]) => pages.map(({ lines }) => lines.map(({ text }) => text));

describe("dropFrameLines", () => {
  it("drops a line on half of the pages and on three or more, and lowers their share", () => {
    const own = [
      "Alpacas eat hay and grass",
      "Badgers sleep in the daytime",
      "Cougars hunt at night alone",
      "Dingoes live in packs",
    ];
    const pages = own.map((text, index) => (index < 3 ? pageOf(newsletter, text) : pageOf(text)));
    const dropped = dropFrameLines(pages);
    expect(texts(dropped)).toEqual(own.map((text) => [text]));
    expect(dropped[0]?.share).toBeLessThan(0.7);
    expect(dropped[3]?.share).toBe(1);
  });

  it("keeps a line on two pages only, or on less than half of the pages", () => {
    const two = [pageOf(newsletter, "Alpacas eat hay and grass"), pageOf(newsletter, "Badgers sleep in the daytime")];
    expect(dropFrameLines(two)).toEqual(two);
    const seven = Array.from({ length: 7 }, (_, page) => {
      const own = `Page of ${"abcdefg"[page]?.repeat(12)}`;
      return page < 3 ? pageOf(newsletter, own) : pageOf(own);
    });
    expect(dropFrameLines(seven)).toEqual(seven);
  });

  it("counts copies of a page once, also if they show another date", () => {
    const copies = ["1 May", "2 May", "30 May"].map((date) =>
      pageOf("Returns are free within a month", `As of ${date}`),
    );
    const pages = [...copies, pageOf("Badgers sleep in the daytime")];
    expect(dropFrameLines(pages)).toEqual(pages);
  });

  it("drops nothing from a page that would lose more than half of its text", () => {
    const pages = [
      pageOf("We deliver in two days", "Yes"),
      pageOf("We deliver in two days", "Alpacas eat hay and grass, and a little of our corn"),
      pageOf("We deliver in two days", "Badgers sleep in the daytime, and dig in the night"),
    ];
    expect(texts(dropFrameLines(pages))).toEqual([
      ["We deliver in two days", "Yes"],
      ["Alpacas eat hay and grass, and a little of our corn"],
      ["Badgers sleep in the daytime, and dig in the night"],
    ]);
  });

  it("compares lines without regard to case and signs", () => {
    const pages = [
      pageOf("Get our letter!", "Alpacas eat hay and grass"),
      pageOf("GET OUR LETTER", "Badgers sleep in the daytime"),
      pageOf("get our letter", "Cougars hunt at night alone"),
    ];
    expect(texts(dropFrameLines(pages)).flat()).toHaveLength(3);
  });
});
