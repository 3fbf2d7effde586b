import type { ProviderInfo } from "../../../shared/protocol/service.ts";
import { html } from "../operators/html.ts";
import { type PrivacyTexts, privacyTexts } from "./privacy-texts.ts";

export type PrivacyLanguage = keyof typeof privacyTexts;

/** Facts about this installation. */
export interface PrivacyFacts {
  /** Days without a message after which a conversation is erased; absent: it is kept. */
  readonly retentionDays: number | undefined;
  readonly providers: readonly ProviderInfo[];
}

const companies: Readonly<Record<string, string>> = {
  anthropic: "Anthropic",
  openai: "OpenAI",
  "openai-assistants": "OpenAI",
};

/** Chooses the language of the page: the one asked for, or English. */
export function privacyLanguage(tag: string): PrivacyLanguage {
  const wanted = tag.split("-")[0]?.toLowerCase() ?? "";
  return Object.hasOwn(privacyTexts, wanted) ? (wanted as PrivacyLanguage) : "en";
}

/** The page that the chat's privacy link opens: what this installation stores about visitors. */
export function privacyPage(language: PrivacyLanguage, facts: PrivacyFacts): string {
  const texts: PrivacyTexts = privacyTexts[language];
  const { title, ai, stored, kept, sent, erase } = texts;
  const sections = [
    stored,
    [kept[0], keptText(language, texts, facts.retentionDays)],
    [sent[0], sentText(language, texts, facts.providers)],
    erase,
  ];
  return html`<!doctype html>
    <html lang="${language}" dir="${texts.direction ?? "ltr"}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/privacy.css" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${ai}</p>
          ${sections.map(
            ([heading, text]) =>
              html`<h2>${heading}</h2>
                <p>${text}</p>`,
          )}
        </main>
      </body>
    </html>`.toString();
}

function keptText(language: PrivacyLanguage, { kept, erasedAfter }: PrivacyTexts, days: number | undefined): string {
  if (days === undefined) return kept[1];
  return erasedAfter(new Intl.NumberFormat(language, { style: "unit", unit: "day", unitDisplay: "long" }).format(days));
}

function sentText(language: PrivacyLanguage, texts: PrivacyTexts, providers: readonly ProviderInfo[]): string {
  const receiving = providers.filter(({ name, available }) => available && name !== "preset");
  if (receiving.length === 0) return texts.notSent;
  const names = new Set(receiving.map(({ name }) => companies[name] ?? texts.ownServer));
  return `${texts.sent[1]} ${texts.sentTo(new Intl.ListFormat(language).format(names))}`;
}
