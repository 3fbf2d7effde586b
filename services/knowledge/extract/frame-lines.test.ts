import { describe, expect, it } from "vitest";
import type { ExtractedLine } from "./extracted-page.ts";
import { FrameLines } from "./frame-lines.ts";

type Page = readonly ExtractedLine[];

function pageOf(...texts: string[]): Page {
  return texts.map((text) => ({ text }));
}

function dropFrame(pages: readonly Page[]): Page[] {
  const frame = new FrameLines();
  for (const page of pages) frame.add(page);
  return pages.map((page) => frame.drop(page));
}

const newsletter = "Get our letter";
const texts = (pages: readonly Page[]) => pages.map((page) => page.map(({ text }) => text));

describe("frame of a site", () => {
  it("drops a line on half of the pages and on three or more", () => {
    const own = [
      "Alpacas eat hay and grass",
      "Badgers sleep in the daytime",
      "Cougars hunt at night alone",
      "Dingoes live in packs",
    ];
    const pages = own.map((text, index) => (index < 3 ? pageOf(newsletter, text) : pageOf(text)));
    expect(texts(dropFrame(pages))).toEqual(own.map((text) => [text]));
  });

  it("keeps a line on two pages only, or on less than half of the pages", () => {
    const two = [pageOf(newsletter, "Alpacas eat hay and grass"), pageOf(newsletter, "Badgers sleep in the daytime")];
    expect(dropFrame(two)).toEqual(two);
    const seven = Array.from({ length: 7 }, (_, page) => {
      const own = `Page of ${"abcdefg"[page]?.repeat(12)}`;
      return page < 3 ? pageOf(newsletter, own) : pageOf(own);
    });
    expect(dropFrame(seven)).toEqual(seven);
  });

  it("counts copies of a page once, also if they show another date", () => {
    const copies = ["1 May", "2 May", "30 May"].map((date) =>
      pageOf("Returns are free within a month", `As of ${date}`),
    );
    const pages = [...copies, pageOf("Badgers sleep in the daytime")];
    expect(dropFrame(pages)).toEqual(pages);
  });

  it("drops nothing from a page that would lose more than half of its text", () => {
    const pages = [
      pageOf("We deliver in two days", "Yes"),
      pageOf("We deliver in two days", "Alpacas eat hay and grass, and a little of our corn"),
      pageOf("We deliver in two days", "Badgers sleep in the daytime, and dig in the night"),
    ];
    expect(texts(dropFrame(pages))).toEqual([
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
    expect(texts(dropFrame(pages)).flat()).toHaveLength(3);
  });
});
