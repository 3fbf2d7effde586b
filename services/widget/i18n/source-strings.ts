import type { Language } from "./languages.ts";

interface SourceStrings {
  /** Name of a number in the text, and of an entry of the list. */
  readonly source: (number: string, title: string) => string;
  readonly sources: string;
  /** In place of the title of a source that the site has deleted. */
  readonly removed: string;
}

/** In one file: a file for each language would cost every visitor the addresses of all. */
export const sourceStringsByLanguage: Record<Language, SourceStrings> = {
  en: {
    source: (number, title) => `Source ${number}: ${title}`,
    sources: "Sources",
    removed: "No longer available",
  },
  de: {
    source: (number, title) => `Quelle ${number}: ${title}`,
    sources: "Quellen",
    removed: "Nicht mehr verfügbar",
  },
  fr: {
    source: (number, title) => `Source ${number} : ${title}`,
    sources: "Sources",
    removed: "N’est plus disponible",
  },
  es: {
    source: (number, title) => `Fuente ${number}: ${title}`,
    sources: "Fuentes",
    removed: "Ya no está disponible",
  },
  pt: {
    source: (number, title) => `Fonte ${number}: ${title}`,
    sources: "Fontes",
    removed: "Não está mais disponível",
  },
  ja: {
    source: (number, title) => `出典${number}：${title}`,
    sources: "出典",
    removed: "ご覧いただけなくなりました",
  },
  zh: {
    source: (number, title) => `来源 ${number}：${title}`,
    sources: "来源",
    removed: "已不可用",
  },
  ar: {
    source: (number, title) => `المصدر ${number}: ${title}`,
    sources: "المصادر",
    removed: "لم يعد متاحًا",
  },
};
