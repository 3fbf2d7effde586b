import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { termFields, TermTable } from "./term-table.ts";

/** Terms whose beginnings are alike, short and long ones, as the first eight bytes of a term are compared apart. */
const term = fc.tuple(
  fc.constantFrom("", "a", "abcd", "abcdefg", "abcdefgh", "abcdefghi", "größentab", "返品は三十"),
  fc.string({ unit: fc.constantFrom("a", "b", "0", "ß", "日"), maxLength: 12 }),
);
const terms = fc.array(
  term.map((parts) => parts.join("")),
  { minLength: 1, maxLength: 300, size: "max" },
);

describe("TermTable", () => {
  it("gives each term one number, whatever its size", () => {
    fc.assert(
      fc.property(terms, terms, (added, asked) => {
        const table = new TermTable();
        const numbers = new Map<string, number>();
        for (const text of added) {
          const bytes = Buffer.from(`#${text}#`);
          const number = table.findOrAdd(bytes, 1, bytes.length - 1);
          expect(number).toBe(numbers.get(text) ?? numbers.size);
          numbers.set(text, number);
        }
        for (const text of [...added, ...asked]) expect(table.find(Buffer.from(text))).toBe(numbers.get(text) ?? -1);
        for (const [text, number] of numbers) expect(table.text(number)).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  it("keeps numbers and rows while it grows", () => {
    const table = new TermTable();
    const all = Array.from({ length: 20_000 }, (_, at) => Buffer.from(at % 2 === 0 ? `${at}` : `a longer word ${at}`));
    for (const [at, bytes] of all.entries()) {
      expect(table.findOrAdd(bytes, 0, bytes.length)).toBe(at);
      table.set(at, termFields.passages, at);
    }
    for (const [at, bytes] of all.entries()) {
      expect(table.find(bytes)).toBe(at);
      expect(table.get(at, termFields.passages)).toBe(at);
    }
  });
});
