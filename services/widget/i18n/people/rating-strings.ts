import type { Language } from "../languages.ts";

/** Texts of the question how it went with a person. */
export interface RatingStrings {
  /** @param name of the person, where it is known */
  readonly question: (name: string | undefined) => string;
  readonly good: string;
  readonly bad: string;
  /** The visitor does not want to say, and is not asked again. */
  readonly decline: string;
  /** Name of the field for a few words beside the answer. */
  readonly words: string;
  readonly done: string;
  readonly thanks: string;
}

/** In one file: a file for each language would cost every visitor the addresses of all. */
export const ratingStringsByLanguage: Record<Language, RatingStrings> = {
  en: {
    question: (name = "us") => `How was your conversation with ${name}?`,
    good: "Good",
    bad: "Bad",
    decline: "No, thanks",
    words: "A few words (optional)",
    done: "Done",
    thanks: "Thank you for your answer.",
  },
  de: {
    question: (name = "uns") => `Wie war Ihr Gespräch mit ${name}?`,
    good: "Gut",
    bad: "Schlecht",
    decline: "Nein, danke",
    words: "Ein paar Worte (freiwillig)",
    done: "Fertig",
    thanks: "Danke für Ihre Antwort.",
  },
  fr: {
    question: (name = "nous") => `Comment s’est passé votre échange avec ${name} ?`,
    good: "Bien",
    bad: "Mal",
    decline: "Non, merci",
    words: "Quelques mots (facultatif)",
    done: "Terminé",
    thanks: "Merci pour votre réponse.",
  },
  es: {
    question: (name = "nosotros") => `¿Qué tal tu conversación con ${name}?`,
    good: "Bien",
    bad: "Mal",
    decline: "No, gracias",
    words: "Unas palabras (opcional)",
    done: "Listo",
    thanks: "Gracias por tu respuesta.",
  },
  pt: {
    question: (name) => `Como foi a sua conversa ${name === undefined ? "conosco" : `com ${name}`}?`,
    good: "Boa",
    bad: "Ruim",
    decline: "Não, obrigado",
    words: "Algumas palavras (opcional)",
    done: "Concluir",
    thanks: "Obrigado pela sua resposta.",
  },
  ja: {
    question: (name = "担当者") => `${name}とのやり取りはいかがでしたか？`,
    good: "良かった",
    bad: "良くなかった",
    decline: "回答しない",
    words: "ひとこと（任意）",
    done: "完了",
    thanks: "ご回答ありがとうございます。",
  },
  zh: {
    question: (name = "客服") => `您与${name}的对话感觉如何？`,
    good: "好",
    bad: "不好",
    decline: "不评价",
    words: "补充几句（选填）",
    done: "完成",
    thanks: "感谢您的评价。",
  },
  ar: {
    question: (name) => `كيف كانت محادثتك ${name === undefined ? "معنا" : `مع ${name}`}؟`,
    good: "جيدة",
    bad: "سيئة",
    decline: "لا، شكرًا",
    words: "بضع كلمات (اختياري)",
    done: "تم",
    thanks: "شكرًا على إجابتك.",
  },
};
