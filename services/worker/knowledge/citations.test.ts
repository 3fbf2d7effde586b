// cspell:words passt größer Versand übernehmen
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitSentences } from "../../../shared/knowledge/passages/sentences.ts";
import type { FoundPassage } from "../../../shared/knowledge/retrieval/knowledge-search.ts";
import { ReplyFilter } from "../reply-text/reply-filter.ts";
import { atomOf, withoutAtoms } from "./atoms.ts";
import { Citations } from "./citations.ts";

const returns =
  "Returns. You can send anything back within 30 days, unworn. We pay for the parcel. Sale items are excluded.";

function passage(id: number, text: string, more: Partial<FoundPassage> = {}): FoundPassage {
  const sourceId = `source-${id}`;
  const url = `https://shop.example/${id}`;
  const place = { heading: "", begins: 0, ends: Buffer.byteLength(text), rank: id, why: [] };
  return {
    id: `${id}`,
    documentId: `document-${id}`,
    sourceId,
    url,
    title: `Page ${id}`,
    language: "en",
    kind: "page",
    text,
    ...place,
    ...more,
  };
}

const passages = [
  passage(11, returns),
  passage(12, "Delivery takes 2-3 days. Delivery is free above 50 euros."),
  passage(13, "Größe M passt bei 1,70 m. 日本語の文。"),
];

/** Cites as a run does: piece by piece, with `{1}` for an atom. */
function cite(written: string, pieceLength = 7) {
  const text = written.replace(/\{(\d)\}/g, (_, number: string) => atomOf(Number(number)));
  const citations = new Citations(passages);
  let shown = "";
  const places: Parameters<Citations["add"]>[0][] = [];
  const reply = new ReplyFilter({ allowedLinkHosts: ["shop.example"], onCitation: (place) => places.push(place) });
  const take = (piece: string) => {
    shown += piece;
    for (const place of places.splice(0)) citations.add(place, shown);
  };
  for (let at = 0; at < text.length; at += pieceLength) take(reply.push(text.slice(at, at + pieceLength)));
  take(reply.end());
  const bytes = Buffer.from(shown);
  return {
    shown,
    citations,
    ranges: citations.all.map(({ n, begins, ends }) => [n, bytes.toString("utf8", begins, ends)]),
  };
}

describe("citations", () => {
  it.each([
    [
      "Hello! You have 30 days{1}. Sale is out.{1}",
      [
        [1, "You have 30 days"],
        [1, "Sale is out."],
      ],
    ],
    [
      "You have 30 days.{1} Delivery is free.{2}",
      [
        [1, "You have 30 days."],
        [2, "Delivery is free."],
      ],
    ],
    [
      "Two days{2}{1}, then 30{1}.",
      [
        [1, "Two days"],
        [2, ""],
        [2, ", then 30"],
      ],
    ],
    [
      "Größe M 😀.{3} 文です。{3}",
      [
        [1, "Größe M 😀."],
        [1, "文です。"],
      ],
    ],
    [
      "You have 30 days.\n{1}\n{2}",
      [
        [1, "You have 30 days."],
        [2, ""],
      ],
    ],
    [
      "Prices:\n- Free above 50{2}\n- Unworn{1}",
      [
        [1, "- Free above 50"],
        [2, "- Unworn"],
      ],
    ],
    [
      "See https://evil.example/a{1} and https://shop.example{2}.",
      [
        [1, "See (link removed)"],
        [2, "and https://shop.example"],
      ],
    ],
    [
      "Days{1}{1}{2}{1}.",
      [
        [1, "Days"],
        [2, ""],
      ],
    ],
    ["{1}Days{9}{7}.", []],
  ])("span the sentence up to their place, or from the citation before: %j", (written, expected) => {
    expect(cite(written).ranges).toEqual(expected);
    expect(cite(written, 1).ranges).toEqual(expected);
  });

  it("are sorted, never overlap, lie on characters, and begin with a sentence or where one ended", () => {
    const words = fc.constantFrom(
      "Days",
      "größer",
      "😀",
      "日本。",
      ".",
      "!",
      "\n",
      " ",
      "3.5",
      "z. B.",
      "{1}",
      "{2}",
      "{3}",
      "https://evil.example/x",
      "- ",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 20 }), fc.integer({ min: 1, max: 9 }), (all, length) => {
        const { shown, citations } = cite(all.join(""), length);
        const bytes = Buffer.from(shown);
        let end = 0;
        for (const { begins, ends } of citations.all) {
          expect(begins).toBeGreaterThanOrEqual(end);
          expect(ends).toBeGreaterThanOrEqual(begins);
          expect(ends).toBeLessThanOrEqual(bytes.length);
          for (const at of [begins, ends])
            expect(bytes.toString("utf8", 0, at)).toBe(shown.slice(0, bytes.toString("utf8", 0, at).length));
          const from = bytes.toString("utf8", 0, end).length;
          const until = bytes.toString("utf8", 0, ends).length;
          const starts = splitSentences(shown.slice(from, until)).map(({ start }) => from + start);
          if (begins < ends) expect(starts).toContain(bytes.toString("utf8", 0, begins).length);
          end = ends;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("number passages by their first appearance, and name page, place and quote", () => {
    const { citations } = cite(
      "Delivery is free above 50 euros.{2} You can send it back within 30 days.{1} Free delivery.{2}",
    );
    expect(citations.all.map(({ n, passageId }) => [n, passageId])).toEqual([
      [1, "12"],
      [2, "11"],
      [1, "12"],
    ]);
    expect(citations.all[1]).toMatchObject({
      sourceId: "source-11",
      title: "Page 11",
      quote: "You can send anything back within 30 days, unworn.",
      url: "https://shop.example/11#:~:text=You%20can%20send%20anything%20back%20within%2030%20days%2C%20unworn.",
    });
    expect(citations.all[0]?.quote).toBe("Delivery is free above 50 euros.");
  });

  it("quote by the question's words where the claim is in another language", () => {
    const found = passage(1, returns, { why: [{ term: "parcel", words: ["parcel"], weight: 1 }] });
    const citations = new Citations([found]);
    const text = "Den Versand übernehmen wir.";
    citations.add({ number: 1, units: text.length, bytes: Buffer.byteLength(text) }, text);
    expect(citations.all[0]?.quote).toBe("We pay for the parcel.");
  });

  it("fall back to the heading for a page without a title, and have no address for a text", () => {
    const citations = new Citations([passage(1, "Yes.", { title: "", heading: "Gifts", url: "" })]);
    citations.add({ number: 1, units: 4, bytes: 4 }, "Yes.");
    expect(citations.all[0]).toMatchObject({ title: "Gifts", url: "", quote: "Yes." });
  });

  it("tell that nothing was found only if nothing is cited", () => {
    expect(cite("I do not know.{0}").citations.isUnanswered).toBe(true);
    expect(cite("{0}").citations.isUnanswered).toBe(true);
    expect(cite("I do not know{0}, but 30 days.{1}").citations.isUnanswered).toBe(false);
    expect(cite("Hello!").citations.isUnanswered).toBe(false);
  });
});

it("takes atoms out of a text", () => {
  expect(withoutAtoms(`a${atomOf(0)}b${atomOf(31)}`)).toBe("ab");
});
