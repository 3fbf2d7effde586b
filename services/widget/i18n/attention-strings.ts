import type { Language } from "./languages.ts";

/**
 * Names of the button that closes an invitation, by language. Here for all languages: they are loaded with the code that
 * shows it.
 */
export const closeWords: Readonly<Record<Language, string>> = {
  en: "Close",
  de: "Schließen",
  fr: "Fermer",
  es: "Cerrar",
  pt: "Fechar",
  ja: "閉じる",
  zh: "关闭",
  ar: "إغلاق",
};
