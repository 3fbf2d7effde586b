import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atomOf, splitAtAtoms, withoutAtoms } from "../knowledge/atoms.ts";
import type { AtomPlace } from "./atom-places.ts";
import { ReplyFilter } from "./reply-filter.ts";

const allowedLinkHosts = ["example.com"];

function filter(pieces: readonly string[], options: { allowedLinkHosts?: string[] } = { allowedLinkHosts }) {
  const places: AtomPlace[] = [];
  const reply = new ReplyFilter({ ...options, onCitation: (place) => places.push(place) });
  const text = pieces.map((piece) => reply.push(piece)).join("") + reply.end();
  return { text, places };
}

/** A text with its citations as `⟨1⟩`, to be read. */
function mark({ text, places }: ReturnType<typeof filter>): string {
  return places.reduceRight(
    (told, { number, units }) => `${told.slice(0, units)}⟨${number}⟩${told.slice(units)}`,
    text,
  );
}

const cut = (text: string, lengths: readonly number[]) => {
  const parts: string[] = [];
  let at = 0;
  for (const length of lengths) parts.push(text.slice(at, (at += length)));
  return [...parts, text.slice(at)];
};

describe("citations in a reply", () => {
  it.each([
    ["Days1 and weeks2.", "Days⟨1⟩ and weeks⟨2⟩."],
    ["1Days12", "⟨1⟩Days⟨1⟩⟨2⟩"],
    ["See https://example.com1 and more.", "See https://example.com⟨1⟩ and more."],
    ["見る https://example.com1日本", "見る https://example.com/⟨1⟩日本"],
    ["See https://example.com/a1.", "See https://example.com/a⟨1⟩."],
    ["See https://evil.example/a1. And2", "See (link removed)⟨1⟩. And⟨2⟩"],
    ["See https://evil.example/a.1", "See (link removed).⟨1⟩"],
    ["See 1https://evil.example/a", "See ⟨1⟩(link removed)"],
    ["Fish & chips1, Q&A2, AT&T1", "Fish & chips⟨1⟩, Q&A⟨2⟩, AT&T⟨1⟩"],
    ["A &colon;1 B", "A &amp;colon;⟨1⟩ B"],
    ["mailto:&日本mailto:https://evil.example1", "(link removed)日本(link removed)⟨1⟩"],
  ])("are taken out, each with its place: %j", (written, expected) => {
    const text = written.replace(/(?<=\D|^)[12]+/g, (digits) =>
      Array.from(digits, (digit) => atomOf(Number(digit))).join(""),
    );
    expect(mark(filter([text]))).toBe(expected);
    expect(mark(filter(Array.from(text)))).toBe(expected);
  });

  it.each([
    "https://ev1il.example/a",
    "ht1tps://evil.example/a",
    "https:1//evil.example/a",
    "https:/1/evil.example/a",
    "www1.evil.example",
    "[a](java1script:alert(1))",
    "ht1tps&col1on;//evil.example",
    "https://example.com1.evil.example/",
  ])("assemble no link: %j", (written) => {
    const text = written.replace(/1/g, atomOf(1));
    expect(filter([text]).text).toBe(filter([withoutAtoms(text)]).text);
    expect(filter(Array.from(text)).text).toBe(filter([withoutAtoms(text)]).text);
  });

  const pieces = fc.constantFrom(
    "https://",
    "evil.example",
    "example.com",
    "/path",
    "www.",
    "mailto:",
    "a@example.com",
    "javascript:",
    "//",
    ":",
    "&colon;",
    "&#58;",
    "&",
    "[a](",
    ")",
    "<",
    ">",
    " ",
    "\n",
    ".",
    "!",
    "é",
    "😀",
    "日本",
    "word",
    "1",
    atomOf(1),
    atomOf(2),
    atomOf(0),
  );
  const texts = fc.array(pieces, { maxLength: 16 }).map((each) => each.join(""));
  const lengths = fc.array(fc.nat(6), { maxLength: 20 });

  it("leave a text as it were without them, at places in order, however it is split", () => {
    fc.assert(
      fc.property(texts, lengths, fc.constantFrom({ allowedLinkHosts }, {}), (whole, each, options) => {
        const links = new ReplyFilter(options);
        const plain = links.push(withoutAtoms(whole)) + links.end();
        const { text, places } = filter(cut(whole, each), options);
        expect(text).toBe(plain);
        expect(places).toEqual(filter([whole], options).places);
        expect(places.map(({ number }) => atomOf(number))).toEqual(
          splitAtAtoms(whole).filter((one) => withoutAtoms(one) === ""),
        );
        for (const [at, { units, bytes }] of places.entries()) {
          expect(Buffer.byteLength(text.slice(0, units))).toBe(bytes);
          expect(text.slice(0, units).isWellFormed()).toBe(true);
          expect(units).toBeGreaterThanOrEqual(places[at - 1]?.units ?? 0);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("stand behind exactly the output of what they stood behind, also behind removed links", () => {
    const words = fc.constantFrom(
      "word",
      "naïve",
      "😀",
      "日本語",
      "https://evil.example/a",
      "https://example.com",
      "https://example.com/b",
      "www.evil.example/c",
      "&#58;",
      "&amp;",
      "Q&A",
      "a@b.example",
      "1.5",
      "//",
    );
    const alone = (word: string) => {
      const reply = new ReplyFilter({ allowedLinkHosts });
      return (reply.push(`${word} `) + reply.end()).slice(0, -1);
    };
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 8 }), lengths, (all, each) => {
        const { places } = filter(cut(all.map((word) => word + atomOf(1)).join(" "), each));
        const outputs = all.map(alone);
        const expected = all.map((_, at) => Buffer.byteLength(outputs.slice(0, at + 1).join(" ")));
        expect(places.map(({ bytes }) => bytes)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });
});

it("leaves atoms alone where nobody asks for citations", () => {
  const reply = new ReplyFilter({});
  expect(reply.push(`a${atomOf(1)}b`) + reply.end()).toBe(`a${atomOf(1)}b`);
});
