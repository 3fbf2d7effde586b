import { html } from "../operators/html.ts";
import { visitorPage } from "../pages/visitor-page.ts";
import { type PrivacyTexts, privacyTexts } from "./privacy-texts.ts";

export type PrivacyLanguage = keyof typeof privacyTexts;

/** English first, as it is for whoever takes any. */
export const privacyLanguages = Object.keys(privacyTexts);

/** Chooses the language of the page: the one asked for, or English. */
export function privacyLanguage(tag: string): PrivacyLanguage {
  const wanted = tag.split("-")[0]?.toLowerCase() ?? "";
  return Object.hasOwn(privacyTexts, wanted) ? (wanted as PrivacyLanguage) : "en";
}

/**
 * The page that the chat's privacy link opens: what this installation stores about visitors.
 * @param retentionDays days without a message after which a conversation is erased; absent: it is kept
 */
export function privacyPage(language: PrivacyLanguage, retentionDays: number | undefined): string {
  const texts: PrivacyTexts = privacyTexts[language];
  const { title, ai, stored, kept, sent, erase } = texts;
  const sections = [stored, [kept[0], keptText(language, texts, retentionDays)], sent, erase];
  const content = html`<p>${ai}</p>
    ${sections.map(
      ([heading, text]) =>
        html`<h2>${heading}</h2>
          <p>${text}</p>`,
    )}`;
  return visitorPage({ language, direction: texts.direction, title, style: "privacy.css", content });
}

function keptText(language: PrivacyLanguage, texts: PrivacyTexts, days: number | undefined): string {
  const [, untilDeleted] = texts.kept;
  if (days === undefined) return `${untilDeleted} ${texts.keptLonger}`;
  const format = new Intl.NumberFormat(language, { style: "unit", unit: "day", unitDisplay: "long" });
  return `${texts.erasedAfter(format.format(days))} ${texts.keptLonger}`;
}
