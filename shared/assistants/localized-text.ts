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

export const webUrl = z.url({ protocol: /^https?$/, error: "expected an address like https://example.com/privacy" });

const localizedUrl = z.union([webUrl, byLanguage(webUrl)], {
  error: expected("an address, or addresses by language"),
});

/** As above, or `false`: the owner wants none. */
export const removableText = z.union([localizedText, z.literal(false)], {
  error: expected("text, texts by language, or false"),
});
export const removableUrl = z.union([localizedUrl, z.literal(false)], {
  error: expected("an address, addresses by language, or false"),
});

/** @param max number of texts */
export function localizedList(max: number): z.ZodType<LocalizedList> {
  const lists = [z.array(localizedText).max(max), byLanguage(z.array(plainText).max(max))] as const;
  return z.union(lists, { error: expected("a list of texts, or such lists by language") });
}

const words = z.array(z.string().min(1));

/** Words that are looked for in a message: in any language, or by the language that they tell. */
export const localizedWords = z.union([words, byLanguage(words)], {
  error: expected("a list of words, or such lists by language"),
});

/** Lists of words with their language; none where they tell no language. */
export function wordLists(list: z.output<typeof localizedWords>): [language: string | undefined, string[]][] {
  return Array.isArray(list) ? [[undefined, list]] : Object.entries(list);
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

/** The wanted language, otherwise English, otherwise the first one. */
function valueIn<Value>(values: ByLanguage<Value>, locale = "en"): Value | undefined {
  const tag = closestTag(values, locale) ?? closestTag(values, "en") ?? Object.keys(values)[0];
  return tag === undefined ? undefined : values[tag];
}

/** Lookup by RFC 4647, section 3.4: `zh-Hant-TW`, then `zh-Hant`, then `zh`; then another region of the language. */
function closestTag(values: ByLanguage<unknown>, locale: string): string | undefined {
  const parts = locale.split("-");
  const shorter = parts.map((_, index) => parts.slice(0, parts.length - index).join("-"));
  const exact = shorter.find((tag) => Object.hasOwn(values, tag));
  return exact ?? Object.keys(values).find((tag) => tag.startsWith(`${parts[0]}-`));
}

/** Values by tags in their usual spelling. Two spellings of one tag are refused, as one value would be lost. */
function byLanguage<Value extends z.ZodType>(value: Value) {
  return z.record(z.string(), value).transform((given, context): ByLanguage<z.output<Value>> => {
    const values = new Map<string, z.output<Value>>();
    const refuse = (message: string, path: string[] = []) => context.addIssue({ code: "custom", message, path });
    for (const [tag, each] of Object.entries(given)) {
      const { data: usual } = languageTag.safeParse(tag);
      if (usual === undefined) refuse('expected a language tag like "de" or "pt-BR"', [tag]);
      else if (values.has(usual)) refuse(`expected the language ${usual} once`, [tag]);
      else values.set(usual, each);
    }
    if (Object.keys(given).length === 0) refuse("expected at least one language");
    return Object.fromEntries(values);
  });
}

function expected(what: string) {
  return ({ input }: { input?: unknown }) => (input === undefined ? undefined : `expected ${what}`);
}
