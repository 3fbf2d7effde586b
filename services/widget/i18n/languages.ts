import type { UiStrings } from "./ui-strings.ts";

/** One file per language, so that a visitor loads only one. */
const files = {
  en: async () => (await import("./en.ts")).strings,
  de: async () => (await import("./de.ts")).strings,
  fr: async () => (await import("./fr.ts")).strings,
  es: async () => (await import("./es.ts")).strings,
  pt: async () => (await import("./pt.ts")).strings,
  ja: async () => (await import("./ja.ts")).strings,
  zh: async () => (await import("./zh.ts")).strings,
  ar: async () => (await import("./ar.ts")).strings,
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
export function loadStrings(language: Language): Promise<UiStrings> {
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
