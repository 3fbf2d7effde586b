import { textIn } from "../../../shared/assistants/localized-text.ts";
import type { ActionToRun } from "../../../shared/db/actions/send.ts";
import { languageTag } from "../../../shared/protocol/language-tag.ts";

/** Words for an action without a model. `{title}` is the title of its card. */
const texts = {
  done: {
    en: "Done: {title}.",
    de: "Erledigt: {title}.",
    fr: "C’est fait : {title}.",
    es: "Hecho: {title}.",
    pt: "Feito: {title}.",
    ja: "完了しました：{title}",
    zh: "已完成：{title}",
    ar: "تم: {title}.",
  },
  failed: {
    en: "That could not be done: {title}. Nothing was changed.",
    de: "Das war nicht möglich: {title}. Es wurde nichts geändert.",
    fr: "Cela n’a pas pu être fait : {title}. Rien n’a été modifié.",
    es: "No se ha podido hacer: {title}. No se ha cambiado nada.",
    pt: "Não foi possível: {title}. Nada foi alterado.",
    ja: "実行できませんでした：{title}。何も変更されていません。",
    zh: "无法完成：{title}。未做任何更改。",
    ar: "تعذر تنفيذ ذلك: {title}. لم يتغير شيء.",
  },
  unknown: {
    en: "I cannot tell whether this was done: {title}. Please do not try it again; a person has to check it.",
    de: "Ich weiß nicht, ob das ausgeführt wurde: {title}. Bitte versuchen Sie es nicht noch einmal; ein Mensch muss es prüfen.",
    fr: "Je ne peux pas savoir si cela a été fait : {title}. Ne réessayez pas ; une personne doit le vérifier.",
    es: "No puedo saber si esto se ha hecho: {title}. No lo intentes de nuevo; una persona tiene que comprobarlo.",
    pt: "Não sei se isto foi feito: {title}. Não tente de novo; uma pessoa precisa verificar.",
    ja: "実行されたかどうか分かりません：{title}。もう一度試さないでください。担当者による確認が必要です。",
    zh: "我无法确定是否已执行：{title}。请不要再试；需要由人工核实。",
    ar: "لا أستطيع أن أعرف هل تم ذلك: {title}. من فضلك لا تحاول مرة أخرى؛ يجب أن يتحقق شخص من الأمر.",
  },
  nothing: {
    en: "Nothing was changed: {title}.",
    de: "Es wurde nichts geändert: {title}.",
    fr: "Rien n’a été modifié : {title}.",
    es: "No se ha cambiado nada: {title}.",
    pt: "Nada foi alterado: {title}.",
    ja: "何も変更されていません：{title}",
    zh: "未做任何更改：{title}",
    ar: "لم يتغير شيء: {title}.",
  },
} as const;

type Told = Pick<ActionToRun, "state" | "title" | "result" | "locale">;

/** Says what became of an action in the visitor's language: in the words of the site's template where it was done. */
export function outcomeText({ state, title, result, locale }: Told): string {
  if (state === "done" && result !== null) return result;
  const { data: language } = languageTag.safeParse(locale);
  const kind = state === "done" || state === "failed" || state === "unknown" ? state : "nothing";
  return textIn(texts[kind], language).replace("{title}", () => title ?? "");
}
