import { describe, expect, it } from "vitest";
import { listIn, localizedList, localizedText, textIn } from "./localized-text.ts";

const hello = { en: "Hello", de: "Hallo", "pt-BR": "Oi", "zh-Hant": "哈囉", zh: "你好" };

describe("text by language", () => {
  it.each([
    ["de", "Hallo"],
    ["de-AT", "Hallo"],
    ["pt-BR", "Oi"],
    ["pt-PT", "Oi"],
    ["pt", "Oi"],
    ["zh-Hant-TW", "哈囉"],
    ["zh-TW", "你好"],
    ["nl", "Hello"],
    [undefined, "Hello"],
  ])("for %j is %j", (locale, expected) => {
    expect(textIn(hello, locale)).toBe(expected);
  });

  it("is English of any region before it is the first one", () => {
    expect(textIn({ fr: "Bonjour", "en-GB": "Hello" }, "nl")).toBe("Hello");
  });

  it("is the first one where there is neither the wanted language nor English", () => {
    expect(textIn({ fr: "Bonjour", de: "Hallo" }, "ja")).toBe("Bonjour");
  });

  it("is a plain string in every language", () => {
    expect(textIn("Hi", "de")).toBe("Hi");
    expect(localizedText.parse("Hi")).toBe("Hi");
  });

  it("takes tags in any spelling of theirs", () => {
    expect(localizedText.parse({ EN: "Hello", "pt-br": "Oi" })).toEqual({ en: "Hello", "pt-BR": "Oi" });
  });

  it.each([[""], [" "], [{}], [{ en: "" }], [{ "no tag": "x" }], [7], [null], [["a"]], [undefined]])(
    "is refused as %j",
    (given) => {
      expect(localizedText.safeParse(given).success).toBe(false);
    },
  );
});

describe("list by language", () => {
  const list = localizedList(2);

  it.each([
    [["a", "b"], "de", ["a", "b"]],
    [["a", { en: "b", de: "c" }], "de", ["a", "c"]],
    [{ en: ["a"], de: ["b", "c"] }, "de", ["b", "c"]],
    [{ en: ["a"], de: ["b"] }, "fr", ["a"]],
  ])("%j for %s is %j", (given, locale, expected) => {
    expect(listIn(list.parse(given), locale)).toEqual(expected);
  });

  it.each([[["a", "b", "c"]], [{ en: ["a", "b", "c"] }], ["a"], [{}], [[""]]])("is refused as %j", (given) => {
    expect(list.safeParse(given).success).toBe(false);
  });
});
