import fc from "fast-check";
import { countTokens as r50k } from "gpt-tokenizer/encoding/r50k_base";
import { countTokens as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { boundMessage, boundTokens } from "./token-bound.ts";

/** Words that would be special tokens are text in a visitor's message. */
const asText = { disallowedSpecial: new Set<string>() };
const forms = ["NFC", "NFKC"] as const;

const tokenizers = [
  { name: "r50k_base", count: (text: string) => r50k(text, asText) },
  { name: "cl100k_base", count: (text: string) => cl100k(text, asText) },
  { name: "o200k_base", count: (text: string) => o200k(text, asText) },
  ...forms.map((form) => ({
    name: `o200k_base after ${form}`,
    count: (text: string) => o200k(text.normalize(form), asText),
  })),
];

const surrogates = { first: 0xd800, last: 0xdfff };

const planes = { size: 0x10000, unassigned: 4, tags: 14 };

/**
 * All characters of Unicode, unassigned ones too, in texts of so many. Of planes without any character, each 16th text: to a
 * tokenizer they are bytes that it has no words for.
 */
function* allOfUnicode(length: number): Generator<string> {
  for (let from = 0; from <= 0x10ffff; from += length) {
    const plane = Math.floor(from / planes.size);
    if (plane >= planes.unassigned && plane !== planes.tags && (from / length) % 16 > 0) continue;
    const points = Array.from({ length }, (_, i) => from + i).filter(
      (point) => point <= 0x10ffff && (point < surrogates.first || point > surrogates.last),
    );
    if (points.length > 0) yield String.fromCodePoint(...points);
  }
}

const dear = [
  "\u2800",
  "⣿",
  "\u00a0",
  "\u3000",
  "\u2028",
  "\ufdfa",
  "\u{1d160}",
  "\u0344",
  "한",
  "😀",
  "ﷺ",
  "\u{10ffff}",
];

describe.each(tokenizers)("token bound of a text, with $name", ({ count }) => {
  it("is never below the token count, over all of Unicode", () => {
    for (const text of allOfUnicode(64)) {
      if (count(text) > boundTokens(text)) expect.fail(`${text.codePointAt(0)?.toString(16)}: ${count(text)} tokens`);
    }
  });

  it("is never below the token count of one repeated character or of any white space", () => {
    const spaces = [...allOfUnicode(64)].flatMap((text) => text.match(/\s/g) ?? []);
    expect(spaces.length).toBeGreaterThan(20);
    for (const character of [...dear, ...spaces]) {
      for (const times of [1, 2, 3, 7, 50, 1000]) {
        const text = character.repeat(times);
        expect(count(text)).toBeLessThanOrEqual(boundTokens(text));
      }
    }
  });

  it("is never below the token count of any mixture", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.constantFrom(...dear, "<|im_start|>", "\n\n"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        expect(count(pieces.join(""))).toBeLessThanOrEqual(boundTokens(pieces.join("")));
      }),
    );
  });
});

describe("token bound of a message", () => {
  it("includes the overhead of chat templates", () => {
    expect(boundMessage("")).toBeGreaterThanOrEqual(o200k("<|start_header_id|>assistant<|end_header_id|>\n\n"));
  });
});
