import type { Words } from "./ui-strings.ts";

/** One file per language, so that a visitor loads only one. */
const files = {
  en: async () => (await import("./en.ts")).words,
  de: async () => (await import("./de.ts")).words,
  fr: async () => (await import("./fr.ts")).words,
  es: async () => (await import("./es.ts")).words,
  pt: async () => (await import("./pt.ts")).words,
  ja: async () => (await import("./ja.ts")).words,
  zh: async () => (await import("./zh.ts")).words,
  ar: async () => (await import("./ar.ts")).words,
};

export type Language = keyof typeof files;

export const languages = Object.keys(files) as Language[];

export interface Locale {
  readonly language: Language;
  /** Language tag for numbers, times and dates, as requested, like `pt-BR`. */
  readonly tag: string;
  readonly direction: "ltr" | "rtl";
}

/**
 * @param wanted language tags, the preferred first
 * @returns the first available language, or English
 */
export function chooseLocale(wanted: readonly string[]): Locale {
  for (const tag of wanted) {
    const language = languages.find((known) => known === tag.split("-")[0]?.toLowerCase());
    if (language !== undefined && isTag(tag)) {
      return { language, tag, direction: language === "ar" ? "rtl" : "ltr" };
    }
  }
  return { language: "en", tag: "en", direction: "ltr" };
}

/** @throws if the file cannot be loaded */
export function loadWords(language: Language): Promise<Words> {
  return files[language]();
}

/** Validates a tag: `lang` may contain anything, and Intl throws at an invalid tag. */
function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
