import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isVisible } from "./visible.ts";

const invisible = {
  "no character": "",
  "white space": " \t\n\u00a0\u1680\u2003\u2028\u2029\u3000",
  controls: "\u0001\u001b\u007f\u0085\u009f",
  "zero-width characters": "\u200b\u200c\u200d\u2060\ufeff",
  "soft hyphens": "\u00ad",
  "direction marks": "\u061c\u200e\u200f\u202a\u202e\u2066\u2069",
  "Hangul fillers": "\u115f\u1160\u3164\uffa0",
  "Khmer inherent vowels": "\u17b4\u17b5",
  "Mongolian separators": "\u180b\u180e\u180f",
  "variation selectors": "\ufe00\ufe0f\u{e0100}\u{e01ef}",
  tags: "\u{e0001}\u{e0020}\u{e007f}",
  "unassigned ignorables": "\u2065\ufff0\u{e0fff}",
  "invisible operators": "\u2061\u2064\u206a\u206f",
  "a combining grapheme joiner": "\u034f",
  "accents without a letter": "\u0301\u20dd\u0903",
  "annotation anchors": "\ufff9\ufffb",
  "shorthand and music controls": "\u{1bca0}\u{1d173}\u{1d17a}",
  "the blank Braille pattern": "\u2800",
  "the null notehead": "\u{1d159}",
  "the Khitan filler": "\u{16fe4}",
  "an object replacement": "\ufffc",
  noncharacters: "\ufffe\uffff\ufdd0\u{10ffff}",
};
const visible = [
  "?",
  "a\u0301",
  "\u200bو",
  "안",
  "ㅤa",
  "🙂",
  "👩‍🚀",
  "❤️",
  "🏴\u{e0067}\u{e007f}",
  "⠁",
  "\u0601",
  "\ufffd",
  "\ue000",
  "\u{1fafd}",
];

describe("text", () => {
  it.each(Object.entries(invisible))("of %s is invisible", (_, text) => {
    for (const character of text) expect(isVisible(character), character.codePointAt(0)?.toString(16)).toBe(false);
    expect(isVisible(text.repeat(50))).toBe(false);
  });

  it.each(visible)("such as %j is visible", (text) => {
    expect(isVisible(text)).toBe(true);
    expect(isVisible(`\u200b\u2800${text}\u3164`)).toBe(true);
  });

  it("is visible if one of its characters is, anywhere", () => {
    const blank = fc.constantFrom(...Object.values(invisible).flatMap((text) => Array.from(text)));
    fc.assert(
      fc.property(fc.array(blank), fc.array(blank), (before, after) => {
        expect(isVisible([...before, ...after].join(""))).toBe(false);
        expect(isVisible([...before, "a", ...after].join(""))).toBe(true);
      }),
    );
  });
});
