import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextCleaner } from "./clean-text.ts";

function clean(...chunks: string[]): string[] {
  const cleaner = new TextCleaner();
  return [...chunks.map((chunk) => cleaner.push(chunk)), cleaner.end()];
}

/** Any UTF-16, with what needs care much more often than by chance. */
const anyUtf16 = fc
  .array(
    fc.oneof(
      fc.constantFrom("\0", "\ud83d", "\ude00", "🙂", "a", "é", "漢"),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 20 },
  )
  .map((units) => units.join(""));

/** A text and where it is cut, in UTF-16 units; the same place twice gives an empty chunk. */
const cutText = anyUtf16.chain((text) =>
  fc.tuple(fc.constant(text), fc.array(fc.nat({ max: text.length }), { maxLength: 8 })),
);

function cutUp(text: string, cuts: number[]): string[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
  return places.slice(1).map((end, index) => text.slice(places[index], end));
}

describe("text of a provider", () => {
  it("is passed on unchanged and at once if nothing is wrong with it", () => {
    expect(clean("Hello", " wörld ", "🙂")).toEqual(["Hello", " wörld ", "🙂", ""]);
  });

  it("loses U+0000", () => {
    expect(clean("a\0b", "\0", "\0c").join("")).toBe("abc");
  });

  it("gets split surrogate pairs joined, even around U+0000 and empty chunks", () => {
    expect(clean("a\ud83d", "\ude42b")).toEqual(["a", "🙂b", ""]);
    expect(clean("\ud83d\0", "", "\0", "\ude42")).toEqual(["", "", "", "🙂", ""]);
  });

  it("gets U+FFFD for lone surrogates", () => {
    expect(clean("\ud83d", "a\ude42").join("")).toBe("\ufffda\ufffd");
    expect(clean("\ud83d", "\ud83d", "\ude42").join("")).toBe("\ufffd🙂");
    expect(clean("a\ud83d")).toEqual(["a", "\ufffd"]);
  });

  it("is the same for any split, and always whole characters", () => {
    fc.assert(
      fc.property(cutText, ([text, cuts]) => {
        const pieces = clean(...cutUp(text, cuts));
        expect(pieces.join("")).toBe(text.replaceAll("\0", "").toWellFormed());
        for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
        // Concatenating the pieces as bytes gives the same text.
        expect(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString()).toBe(pieces.join(""));
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps no state for the next text", () => {
    const cleaner = new TextCleaner();
    cleaner.push("\ud83d");
    cleaner.end();
    expect(cleaner.push("\ude42")).toBe("\ufffd");
  });
});
