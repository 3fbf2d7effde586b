import { textIn } from "../../../shared/assistants/localized-text.ts";
import type { Addressee, ClaimedMail } from "../../../shared/db/mail/outbox.ts";
import { languageTag } from "../../../shared/protocol/language-tag.ts";
import { type MailTexts, mailTexts } from "./mail-texts.ts";

interface Links {
  /** Page that the mail is about. */
  link: string;
  /** Page that stops mails to this address. */
  stop: string;
}

/** Writes a mail. Nothing of a visitor stands in it: neither words nor a name. */
export function writeMail(
  { kind }: Pick<ClaimedMail, "kind">,
  { locale }: Pick<Addressee, "locale">,
  links: Links,
): { subject: string; text: string } {
  if (kind === "visitor-waits") {
    return {
      subject: "A visitor is waiting for a person",
      text: paragraphs([
        "A visitor asked for a person more than two minutes ago, and nobody is looking.",
        `Answer in the console:\n${links.link}`,
        `-- \nStop these mails to this address:\n${links.stop}`,
      ]),
    };
  }
  if (kind === "invitation") {
    return {
      subject: "Your account to answer visitors",
      text: paragraphs([
        "You are invited to the team that answers visitors of this site.",
        `Choose a password, and your account is made:\n${links.link}`,
        "The link works once, and ends three days after the invitation. Please do not pass it on.",
        `-- \nStop these mails to this address:\n${links.stop}`,
      ]),
    };
  }
  const texts = textsIn(locale);
  return {
    subject: texts.subject,
    text: paragraphs([
      texts.answered,
      `${texts.read}\n${links.link}`,
      texts.keepIt,
      `-- \n${texts.stop}\n${links.stop}`,
    ]),
  };
}

function paragraphs(texts: readonly string[]): string {
  return `${texts.join("\n\n")}\n`;
}

/** Texts in the language of the visitor's page, or in English. */
function textsIn(locale: string | null): MailTexts {
  const { data: tag } = languageTag.safeParse(locale);
  const key = textIn(Object.fromEntries(Object.keys(mailTexts).map((each) => [each, each])), tag);
  return mailTexts[key as keyof typeof mailTexts];
}
