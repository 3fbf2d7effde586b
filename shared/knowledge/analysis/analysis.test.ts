import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldText } from "./fold.ts";
import { analysisVersion, analyzePassage, eachPassageTerm, readPassageHeader, termBytes } from "./passage-terms.ts";
import { tokenize } from "./tokenize.ts";

/** All terms of a text. */
function terms(text: string): Set<string> {
  const { words, extras } = tokenize(text);
  return new Set([...words, ...extras]);
}

function shared(one: string, other: string): string[] {
  const theirs = terms(other);
  return [...terms(one)].filter((term) => theirs.has(term));
}

function stored(text: string): Map<string, number> {
  const buffer = analyzePassage(text);
  const found = new Map<string, number>();
  eachPassageTerm(buffer, (start, end, count) => found.set(buffer.toString("utf8", start, end), count));
  return found;
}

describe("foldText", () => {
  it.each([
    ["Größe Straße", "grosse strasse"],
    ["CAFÉ Ångström Łódź", "cafe angstrom lodz"],
    ["İSTANBUL ILIK ısı", "istanbul ilik isi"],
    ["ＡＢ－１２３４ ｶﾞﾗｽ", "ab-1234 ガラス"],
    ["Ελλάς ΕΛΛΆΣ", "ελλασ ελλασ"],
    ["ёлка Йод", "елка иод"],
    ["أَسْعَار إلى مدرسة", "اسعار الي مدرسه"],
    ["שָׁלוֹם", "שלום"],
    ["١٢٣ ۴۵ ४५ ๙", "123 45 45 9"],
    ["Ver\u00adsand\u200b don\u2019t", "versand don't"],
    ["が ギ", "が ギ"],
    ["हिन्दी ไม่ได้", "हिन्दी ไม่ได้"],
  ])("folds %s", (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });

  it("folds a folded text to itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const once = foldText(text);
        expect(foldText(once)).toBe(once);
      }),
    );
  });
});

describe("tokenize", () => {
  it.each([
    ["AB-1234", "ab1234"],
    ["AB-1234", "AB 1234"],
    ["T-shirt", "tshirt"],
    ["T-Shirts", "t shirts"],
    ["e-mail", "email"],
    ["49,99 €", "49.99"],
    ["50,00 €", "50 EUR"],
    ["1.299 €", "1299"],
    ["help@shop.example", "HELP@shop.example"],
    ["10 am", "10am"],
    ["3-5 days", "3–5 Days"],
    ["don't", "dont"],
    ["l'envoi", "envoi"],
    ["iPhone手机", "手机"],
    ["配送费", "配送"],
    ["배송비는", "배송비"],
    ["ティーポット", "ポット"],
    ["จัดส่งฟรี", "จัดส่ง"],
  ])("finds %s by %s", (text, question) => {
    expect(shared(text, question)).not.toEqual([]);
  });

  it("keeps amounts, ranges and identifiers apart from their neighbours", () => {
    expect([...terms("49,99 €")]).toEqual(["49.99", "euro"]);
    expect(shared("49,99", "4999")).toEqual([]);
    expect(terms("3-5 days")).toContain("3-5");
    expect(terms("35 days")).not.toContain("3-5");
    expect(terms("AB-1234")).toContain("ab1234");
    expect(terms("mail help@shop.example!")).toContain("help@shop.example");
    expect(terms("Mo 10:30-18:00")).toContain("10:30-18:00");
  });

  it("gives the words in the order of the text, for word pairs", () => {
    expect(tokenize("The T-shirt, size M: 10am").words).toEqual(["the", "t", "shirt", "size", "m", "10", "am"]);
  });

  it("bounds a term's size", () => {
    for (const term of terms(`${"a".repeat(5000)} ${"-b".repeat(5000)} ${"ก".repeat(500)}`)) {
      expect(term.length).toBeLessThanOrEqual(40);
    }
  });
});

describe("analyzePassage", () => {
  it("stores each term once, with its count up to four and the length in terms", () => {
    const text = "tea tea pot tea tea tea";
    expect(stored(text)).toEqual(
      new Map([
        ["tea", 4],
        ["pot", 1],
      ]),
    );
    expect(readPassageHeader(analyzePassage(text)).length).toBe(6);
  });

  it("stores the same bytes however a text is composed", () => {
    const text = "Größe: Crème brûlée, 49,99 €, ガラス";
    expect(analyzePassage(text.normalize("NFD"))).toEqual(analyzePassage(text.normalize("NFC")));
  });

  it("cuts a long term before a character", () => {
    expect(termBytes("ก".repeat(40)).toString("utf8")).toBe("ก".repeat(21));
    expect(termBytes("😀".repeat(40)).toString("utf8")).toBe("😀".repeat(15));
  });

  it("stores any text so that it is read back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(new Set(stored(text).keys())).toEqual(
          new Set([...terms(text)].map((term) => termBytes(term).toString())),
        );
      }),
    );
  });

  it("names another version when it stores other bytes", () => {
    const text = "T-Shirt AB-1234, 3-5 days, 49,99 €, help@shop.example. Größe İ. 配送费 ティーポット 배송비 จัดส่งฟรี";
    const digest = createHash("sha256").update(analyzePassage(text)).digest("hex").slice(0, 16);
    expect([analysisVersion, digest]).toEqual([1, "1a311b0ffb4393bb"]);
  });

  it("refuses bytes that end within a term", () => {
    const buffer = analyzePassage("tea pot");
    expect(() => eachPassageTerm(buffer.subarray(0, buffer.length - 1), () => undefined)).toThrow("cut off");
    expect(() => readPassageHeader(buffer.subarray(0, 10))).toThrow("at least");
  });
});
