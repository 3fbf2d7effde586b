// cspell:words Erster Zweiter
import { describe, expect, it } from "vitest";
import { cutAtSentence, maxQuoteChars, pickQuote } from "./pick-sentences.ts";
import { hashWords, mayAsk, rootsOf } from "./roots.ts";
import { addressOfQuote } from "./text-fragment.ts";

const page = `Returns
You can send anything back within thirty days. It must be unworn and in its box.
We pay for the parcel if it was our mistake. Sale items are excluded from returns.`;

describe("a quote", () => {
  it("is the sentences that have most words of the claim", () => {
    expect(pickQuote(page, rootsOf("The parcel is paid by us when we made a mistake"))).toBe(
      "We pay for the parcel if it was our mistake.",
    );
    expect(pickQuote(page, rootsOf("Unworn things in their boxes go back within thirty days"))).toBe(
      "You can send anything back within thirty days. It must be unworn and in its box.",
    );
  });

  it("is a text of the passage in any script, and the first sentence where no word is common", () => {
    expect(pickQuote("三十天内可以退货。运费由我们承担。", rootsOf("运费谁付？运费由你们承担吗"))).toBe(
      "运费由我们承担。",
    );
    expect(pickQuote("Erster Satz. Zweiter Satz.", rootsOf("unrelated"))).toBe("Erster Satz.");
    expect(pickQuote("", rootsOf("a"))).toBe("");
  });

  it("has at most 300 characters, and ends with a whole word", () => {
    const long = `The ${"very ".repeat(100)}long sentence.`;
    for (const text of [long, "長い文".repeat(300), `${"a".repeat(250)}. ${"b".repeat(250)}.`]) {
      const quote = pickQuote(text, rootsOf("very 長い"));
      expect(quote.length).toBeLessThanOrEqual(maxQuoteChars);
      expect(quote.length).toBeGreaterThan(0);
      expect(text.startsWith(quote)).toBe(true);
    }
    expect(pickQuote(long, rootsOf("very")).endsWith("very")).toBe(true);
  });
});

describe("the text of a passage in a prompt", () => {
  it("ends with a sentence", () => {
    expect(cutAtSentence("One two. Three four. Five six.", 22)).toBe("One two. Three four.");
    expect(cutAtSentence("One two.", 22)).toBe("One two.");
    expect(cutAtSentence("abc def ghi jkl", 8)).toBe("abc def");
  });
});

describe("the address of a quote", () => {
  const at = (quote: string, url = "https://shop.example/returns") => addressOfQuote(url, quote);

  it("opens the page at a short quote, or from its first words to its last", () => {
    expect(at("Within 30 days.")).toBe("https://shop.example/returns#:~:text=Within%2030%20days.");
    expect(at("You can send anything back within thirty days, in its own box.")).toBe(
      "https://shop.example/returns#:~:text=You%20can%20send%20anything%20back,days%2C%20in%20its%20own%20box",
    );
    expect(at("Returns\nWithin thirty days.\nIn its box, please")).toMatch(
      /#:~:text=Returns,In%20its%20box%2C%20please$/,
    );
    expect(at("三十天内可以退货，运费由我们承担，请保留包装和收据。")).toMatch(/#:~:text=[^,]+,[^,]+$/);
  });

  it("escapes what means something in a fragment, and keeps the page's own", () => {
    expect(at("3-5 days, a & b, 50 %")).toContain(":~:text=3%2D5%20days%2C%20a%20%26%20b%2C%2050%20%25");
    expect(at("Yes.", "https://shop.example/#returns")).toBe("https://shop.example/#returns:~:text=Yes.");
    expect(at("Yes.", "https://shop.example/#a:~:text=old")).toBe("https://shop.example/#a:~:text=Yes.");
    expect(at("…", "https://shop.example/")).toBe("https://shop.example/");
  });

  it("is empty for a text that has none", () => {
    for (const url of ["", "returns.md", "javascript:alert(1)", "file:///etc/passwd"]) expect(at("Yes.", url)).toBe("");
  });
});

describe("the words of an unanswered question", () => {
  it("are the same in another order, case and punctuation, and no others", () => {
    const words = hashWords("Do you ship to Norway?");
    expect(hashWords("to NORWAY do you ship")).toEqual(words);
    expect(words).toHaveLength(32);
    expect(hashWords("Do you ship to Sweden?")).not.toEqual(words);
  });

  it("tell questions from small talk", () => {
    for (const asks of ["Norway?", "do you ship to norway", "送到挪威吗？", "ノルウェーに送れますか"])
      expect(mayAsk(asks)).toBe(true);
    for (const small of ["hello", "thank you", "ok", "👍", ""]) expect(mayAsk(small)).toBe(false);
  });
});
