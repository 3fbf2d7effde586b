import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atomOf, numberOfAtom, splitAtAtoms } from "../../../knowledge/atoms.ts";
import { ShownText } from "./shown-text.ts";

/** Shows a text with its citations as `⟨1⟩`. */
function show(pieces: readonly string[], passages = 6): string {
  const shown = new ShownText(undefined, passages);
  const text = pieces.map((piece) => shown.push(piece)).join("") + shown.end();
  return splitAtAtoms(text)
    .map((piece) => (numberOfAtom(piece) === undefined ? piece : `⟨${numberOfAtom(piece)}⟩`))
    .join("");
}

describe("marks of passages", () => {
  it.each([
    ["Within 30 days [1].", "Within 30 days⟨1⟩."],
    ["Within 30 days.[1] Then not.", "Within 30 days.⟨1⟩ Then not."],
    ["Within 30 days. [1] Then not.", "Within 30 days.⟨1⟩ Then not."],
    ["Days [1][2], weeks [1] [2] or [1], [2].", "Days⟨1⟩⟨2⟩, weeks⟨1⟩⟨2⟩ or⟨1⟩⟨2⟩."],
    ["Days [1, 2]; weeks [1,2,3].", "Days⟨1⟩⟨2⟩; weeks⟨1⟩⟨2⟩⟨3⟩."],
    ["Days [1-3], weeks [4–6] or [1; 2].", "Days⟨1⟩⟨2⟩⟨3⟩, weeks⟨4⟩⟨5⟩⟨6⟩ or⟨1⟩⟨2⟩."],
    ["三十天内【1】。", "三十天内⟨1⟩。"],
    ["三十天内【1】【2】或【1，2】。", "三十天内⟨1⟩⟨2⟩或⟨1⟩⟨2⟩。"],
    ["三十天内［１］。", "三十天内⟨1⟩。"],
    ["خلال ٣٠ يومًا [١].", "خلال ٣٠ يومًا⟨1⟩."],
    ["Days [^1], [^2^] or [^1, ^2].", "Days⟨1⟩⟨2⟩ or⟨1⟩⟨2⟩."],
    ["Days [citation:1][citation:2].", "Days⟨1⟩⟨2⟩."],
    ["Days [Source 1, Source 2] or [passage: 3] or [doc1].", "Days⟨1⟩⟨2⟩ or⟨3⟩ or⟨1⟩."],
    ["Dates [Quelle 2].", "Dates⟨2⟩."],
    ["Days [1†L3-L5], 【2†source】.", "Days⟨1⟩⟨2⟩."],
    ["Days ([1]) or ([1], [2]).", "Days⟨1⟩ or⟨1⟩⟨2⟩."],
    ["Days [[1]].", "Days⟨1⟩."],
    ["Days[1]\n\nNext", "Days⟨1⟩\n\nNext"],
    ["Days.\n[1]\n[2]", "Days.\n⟨1⟩\n⟨2⟩"],
    ["nine [1]and", "nine⟨1⟩ and"],
    ["We sell 200 items[1].", "We sell 200 items⟨1⟩."],
    ["I do not know. [0]", "I do not know.⟨0⟩"],
    ["[0] I do not know.", "⟨0⟩I do not know."],
  ])("become atoms: %j", (text, expected) => {
    expect(show([text])).toBe(expected);
    expect(show(Array.from(text))).toBe(expected);
  });

  it.each([
    ["Days [7].", "Days."],
    ["Days [1, 9] and [12].", "Days⟨1⟩ and."],
    ["Days 【4:0†file.pdf】.", "Days."],
    ["Days :contentReference[oaicite:0]{index=0}.", "Days."],
    ["Days \uE200cite\uE202turn0search0\uE201.", "Days."],
    ["Sources:\n[1] Returns\n[2]: Delivery", "Sources:\nReturns\nDelivery"],
    ["- [1] Returns\n2. [2] Delivery", "- Returns\n2. Delivery"],
    ["Days [1][2", "Days⟨1⟩"],
    ["Days [1", "Days"],
  ])("go without one where no passage has their number, in lists, and where they are cut: %j", (text, expected) => {
    expect(show([text])).toBe(expected);
    expect(show(Array.from(text))).toBe(expected);
  });

  it.each([
    "Write `items[1]` or ``a [2]``.",
    "```js\nconst first = list[1];\n// see [2]\n```\nThat is all.",
    "A [link](https://example.com/1) and [1](https://example.com/2).",
    "Take args[1] and x[2] and item_list[3] and rowCount[1].",
    "The image ![1] and \\[1].",
    "Between [0, 1] and [007], [1.5], [3-5 days], [2024], [x], [ ], [].",
    "cite the city, c[ity, (see below) [note",
    "Blanks  stay \t here ",
    "",
  ])("are not code, links, indexes and other brackets: %j", (text) => {
    expect(show([text])).toBe(text);
    expect(show(Array.from(text))).toBe(text);
  });

  it("give the same text and places however the text is split", () => {
    const pieces = fc.constantFrom(
      "[1]",
      "[2]",
      "[0]",
      "[9]",
      "[1, 2]",
      "[1-3]",
      "【1】",
      "【4:1†a b】",
      "[^1^]",
      "[citation:2]",
      "[Source 1]",
      "[",
      "]",
      "(",
      ")",
      ":",
      "`",
      "```",
      "\n",
      " ",
      ",",
      ".",
      "a",
      "Days",
      "cite",
      "citeturn0search1",
      "30",
      "é",
      "😀",
      "\uE200cite\uE201",
      "![",
      "x[1]",
      "=",
      "[[1]]",
      "†",
    );
    const text = fc.array(pieces, { maxLength: 14 }).map((each) => each.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(8), { maxLength: 20 }), (whole, lengths) => {
        const parts: string[] = [];
        let at = 0;
        for (const length of lengths) {
          parts.push(whole.slice(at, at + length));
          at += length;
        }
        parts.push(whole.slice(at));
        expect(show(parts)).toBe(show([whole]));
      }),
      { numRuns: 2000 },
    );
  });
});

it("turns numbers into atoms and back", () => {
  expect(numberOfAtom(atomOf(31))).toBe(31);
  expect(numberOfAtom("a")).toBeUndefined();
});
