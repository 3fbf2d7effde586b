import { textIn } from "../../../shared/assistants/localized-text.ts";
import type { Notice, NoticeCode } from "../../../shared/protocol/handling.ts";
import { languageTag } from "../../../shared/protocol/language-tag.ts";
import { type NoticeTexts, noticeTexts } from "./notice-texts.ts";

/**
 * Says what has changed in who answers.
 * @param about `language`: a tag, like `pt-BR`; for one that is unknown the text is English. `operatorName`: of the person who has,
 *   or had, the conversation
 */
export function describeNotice(
  code: NoticeCode,
  { language, operatorName }: { language: string | undefined; operatorName?: string | undefined },
): Notice {
  const { data: locale } = languageTag.safeParse(language);
  const name = operatorName?.trim();
  const inEach = Object.entries<NoticeTexts>(noticeTexts).map(([tag, texts]) => {
    const text = name ? textWithName(code, texts, isolate(name, tag)) : texts[withoutName[code]];
    return [tag, text] as const;
  });
  return { code, text: textIn(Object.fromEntries(inEach), locale) };
}

const withoutName = {
  waiting: "waiting",
  taken: "takenBySomebody",
  assistant: "assistant",
  closed: "closedBySomebody",
  overdue: "overdue",
} as const satisfies Record<NoticeCode, keyof NoticeTexts>;

function textWithName(code: NoticeCode, texts: NoticeTexts, name: string): string {
  const text = texts[code];
  return typeof text === "string" ? text : text(name);
}

/** Letters of scripts from right to left, and the marks that set a direction. */
const mayTurn =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Adlam}\p{Script=Nko}\p{Bidi_Control}]/u;

/**
 * Puts a name between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE where its direction may be another than the text's, which
 * would move the words and full stops around it.
 */
function isolate(name: string, tag: string): string {
  return tag === "ar" || mayTurn.test(name) ? `\u2068${name}\u2069` : name;
}
