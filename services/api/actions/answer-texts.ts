import { textIn } from "../../../shared/assistants/localized-text.ts";
import { languageTag } from "../../../shared/protocol/language-tag.ts";

/** An answer to a card, as the message that it becomes. `{title}` is the title of the card. */
const texts = {
  yes: {
    en: "Yes: {title}",
    de: "Ja: {title}",
    fr: "Oui : {title}",
    es: "Sí: {title}",
    pt: "Sim: {title}",
    ja: "はい：{title}",
    zh: "是：{title}",
    ar: "نعم: {title}",
  },
  no: {
    en: "No: {title}",
    de: "Nein: {title}",
    fr: "Non : {title}",
    es: "No: {title}",
    pt: "Não: {title}",
    ja: "いいえ：{title}",
    zh: "否：{title}",
    ar: "لا: {title}",
  },
} as const;

/** Says a visitor's answer in their language, in English where theirs is unknown. */
export function answerText(
  confirm: boolean,
  { title, locale }: { title: string | null; locale: string | null },
): string {
  const { data: language } = languageTag.safeParse(locale);
  return textIn(confirm ? texts.yes : texts.no, language).replace("{title}", () => title ?? "");
}
