import { type Html, html } from "../operators/html.ts";
import { visitorPage } from "../pages/visitor-page.ts";
import { type MailPageTexts, mailPageTexts } from "./mail-page-texts.ts";

type MailPageLanguage = keyof typeof mailPageTexts;

export const mailPageLanguages = Object.keys(mailPageTexts);

/** @param tag a language of the list, or anything else for English */
export function mailPageLanguage(tag: string | false): MailPageLanguage {
  return tag !== false && Object.hasOwn(mailPageTexts, tag) ? (tag as MailPageLanguage) : "en";
}

/**
 * The page behind the link to a conversation. It knows nothing of the link: programs that look at mails open it, too, and
 * only the click sends the link's token.
 */
export function openPage(language: MailPageLanguage): string {
  const { open, openLead, openButton, ended, failed, broken } = mailPageTexts[language];
  return page(
    language,
    open,
    html`<p>${openLead}</p>
      <button type="button" disabled>${openButton}</button>
      ${said("ended", ended)} ${said("failed", failed)} ${said("broken", broken)}
      <script src="open.js" type="module"></script>`,
  );
}

/** A text that the page's script shows when it is due. */
function said(name: string, text: string): Html {
  return html`<p role="alert" data-said="${name}" hidden>${text}</p>`;
}

/** The page on which mails to an address are stopped: a form, as it must work without scripts. */
export function stopPage(language: MailPageLanguage, state: "asks" | "stopped" | "broken"): string {
  const { stop, stopLead, stopButton, stopped, broken } = mailPageTexts[language];
  const form = html`<p>${stopLead}</p>
    <form method="post"><button>${stopButton}</button></form>`;
  return page(language, stop, state === "asks" ? form : html`<p>${state === "stopped" ? stopped : broken}</p>`);
}

function page(language: MailPageLanguage, title: string, content: Html): string {
  const { direction }: MailPageTexts = mailPageTexts[language];
  return visitorPage({ language, direction, title, style: "mail.css", content });
}
