import { z } from "zod";
import { languageTag } from "../protocol/language-tag.ts";

type ByLanguage<Value> = Readonly<Record<string, Value>>;

/** A text, or the text in several languages by their tags. */
export type LocalizedText = string | ByLanguage<string>;
/** Texts of any kind, or a list of them for each language. */
export type LocalizedList = readonly LocalizedText[] | ByLanguage<readonly string[]>;

const plainText = z.string().regex(/\S/, "expected text");

export const localizedText = z.union([plainText, byLanguage(plainText)], {
  error: expected("text, or texts by language"),
});

const url = z.url({ protocol: /^https?$/, error: "expected an address like https://example.com/privacy" });

export const localizedUrl = z.union([url, byLanguage(url)], {
  error: expected("an address, or addresses by language"),
});

/** @param max number of texts */
export function localizedList(max: number): z.ZodType<LocalizedList> {
  const lists = [z.array(localizedText).max(max), byLanguage(z.array(plainText).max(max))] as const;
  return z.union(lists, { error: expected("a list of texts, or such lists by language") });
}

/** Finds the text in the wanted language, otherwise in English, otherwise in the first language. */
export function textIn(text: LocalizedText, locale: string | undefined): string {
  return typeof text === "string" ? text : (valueIn(text, locale) ?? "");
}

/** Finds the list in the wanted language; see {@link textIn}. */
export function listIn(list: LocalizedList, locale: string | undefined): readonly string[] {
  if (Array.isArray(list)) return (list as readonly LocalizedText[]).map((each) => textIn(each, locale));
  return valueIn(list as ByLanguage<readonly string[]>, locale) ?? [];
}

/** Lookup by RFC 4647, section 3.4: `zh-Hant-TW`, then `zh-Hant`, then `zh`; then another region of the language. */
function valueIn<Value>(values: ByLanguage<Value>, locale = "en"): Value | undefined {
  const parts = locale.split("-");
  for (let count = parts.length; count > 0; count--) {
    const value = values[parts.slice(0, count).join("-")];
    if (value !== undefined) return value;
  }
  const tags = Object.keys(values);
  const tag = tags.find((each) => each.startsWith(`${parts[0]}-`)) ?? tags.find((each) => each === "en") ?? tags[0];
  return tag === undefined ? undefined : values[tag];
}

function byLanguage<Value extends z.ZodType>(value: Value) {
  return z
    .record(languageTag, value)
    .refine((values) => Object.keys(values).length > 0, { message: "expected at least one language" });
}

function expected(what: string) {
  return ({ input }: { input?: unknown }) => (input === undefined ? undefined : `expected ${what}`);
}
