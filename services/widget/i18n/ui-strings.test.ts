import { describe, expect, it } from "vitest";
import { chooseLocale, type Language, languages, loadStrings } from "./languages.ts";
import { lateStringsByLanguage } from "../panel/late/late-views.ts";
import { loadCardStrings } from "./cards/card-strings.ts";
import { sourceStringsByLanguage } from "./source-strings.ts";
import { loadPeopleStrings } from "./people/people-strings.ts";
import { ratingStringsByLanguage } from "./people/rating-strings.ts";
import { launcherStrings } from "./launcher-strings.ts";

describe("languages", () => {
  it.each([
    [["de-CH", "en"], "de", "de-CH"],
    [["nl", "pt-BR"], "pt", "pt-BR"],
    [["EN-gb"], "en", "EN-gb"],
    [["ar-EG"], "ar", "ar-EG"],
    [["tlh", ""], "en", "en"],
    [["de_DE", "de-"], "en", "en"],
    [[], "en", "en"],
  ])("of %j takes %s", (wanted, language, tag) => {
    expect(chooseLocale(wanted)).toMatchObject({ language, tag });
  });

  it("know their direction", () => {
    expect(languages.filter((language) => chooseLocale([language]).direction === "rtl")).toEqual(["ar"]);
  });

  it.each(languages)("have every message in %s", async (language) => {
    const all = async (tag: Language) => ({
      ...(await loadStrings(tag)),
      ...launcherStrings[tag],
      ...lateStringsByLanguage[tag],
      ...sourceStringsByLanguage[tag],
      ...ratingStringsByLanguage[tag],
      ...(await loadPeopleStrings(tag)),
      ...(await loadCardStrings(tag)),
    });
    const [strings, english] = [await all(language), await all("en")];
    for (const [key, word] of Object.entries(strings)) {
      const said = say(word);
      expect(said, key).toMatch(/\S/);
      // A sentence that is English has not been translated.
      const own = english[key as keyof typeof english];
      if (language !== "en" && typeof own === "string" && own.includes(" ")) expect(said, key).not.toBe(own);
    }
  });

  it("use English plural rules for positions", async () => {
    const { queuePosition } = await loadStrings("en");
    expect(
      [2, 3, 4, 11, 12, 13, 21, 22, 23, 101, 111].map(queuePosition).map((text) => /\d+\w+/.exec(text)?.[0]),
    ).toEqual(["2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "101st", "111th"]);
  });
});

function say(word: unknown): string {
  if (typeof word === "string") return word;
  if (typeof word === "function") return (word as (value: unknown) => string)(3);
  return Object.values(word as object).join(" ");
}
