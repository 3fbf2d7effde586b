import { describe, expect, it } from "vitest";
import { noticeCode } from "../../../shared/protocol/handling.ts";
import { noticeTexts } from "./notice-texts.ts";
import { describeNotice } from "./notices.ts";

/** As the widget has them. */
const languages = ["en", "de", "fr", "es", "pt", "ja", "zh", "ar"];
const named = ["taken", "closed"];
const scripts: Partial<Record<string, RegExp>> = {
  ja: /\p{Script=Hiragana}/u,
  zh: /\p{Script=Han}/u,
  ar: /\p{Script=Arabic}/u,
};

describe("texts of notices", () => {
  it("exist in each language that the widget speaks", () => {
    expect(Object.keys(noticeTexts).toSorted()).toEqual(languages.toSorted());
  });

  it.each(languages)("say each occasion in its own words, with the name and without: %s", (language) => {
    const texts = noticeCode.options.flatMap((code) => {
      const [some, ada] = [describeNotice(code, { language }), describeNotice(code, { language, operatorName: "Ada" })];
      expect([some.code, ada.code]).toEqual([code, code]);
      expect(ada.text.includes("Ada")).toBe(named.includes(code));
      return named.includes(code) ? [some.text, ada.text] : [ada.text];
    });
    expect(new Set(texts).size).toBe(7);
    for (const text of texts) {
      expect(text).toMatch(/^\S.*[.。]$/u);
      expect(text).not.toMatch(/undefined|[0-9]/);
      expect(text).toMatch(scripts[language] ?? /^[\p{Script=Latin}\p{P}\s]+$/u);
    }
  });

  it("are in the language of the tag, whatever its region and spelling, and in English otherwise", () => {
    const textFor = (language: string | undefined) => describeNotice("assistant", { language }).text;
    expect(textFor("pt-BR")).toBe(textFor("pt"));
    expect(textFor("DE-at")).toBe(textFor("de"));
    expect(textFor("zh-Hant-TW")).toBe(textFor("zh"));
    expect(textFor("de")).not.toBe(textFor("en"));
    for (const unknown of [undefined, "", "sv", "de_DE", "__proto__", "x".repeat(200)]) {
      expect(textFor(unknown)).toBe(textFor("en"));
    }
  });

  it("keep a name's direction from the words around it", () => {
    const textFor = (language: string, operatorName: string) =>
      describeNotice("taken", { language, operatorName }).text;
    expect(textFor("en", "ليلى")).toBe("\u2068ليلى\u2069 is answering now.");
    expect(textFor("ar", "Ada (Sales)")).toContain("\u2068Ada (Sales)\u2069");
    expect(textFor("en", "Zoë")).toBe("Zoë is answering now.");
    expect(textFor("ja", "佐藤")).not.toContain("\u2068");
  });

  it("take a blank name for none", () => {
    expect(describeNotice("taken", { language: "en", operatorName: " " }).text).toBe("A person is answering now.");
  });
});
