/** Texts of one language. None promises a time, as nobody knows it. Their grammar fits a person of any gender. */
export interface NoticeTexts {
  readonly waiting: string;
  readonly taken: (name: string) => string;
  /** As `taken`, of a person whose name is unknown. */
  readonly takenBySomebody: string;
  readonly assistant: string;
  readonly closed: (name: string) => string;
  readonly closedBySomebody: string;
  readonly overdue: string;
}

/** Keys of the languages that the widget speaks. */
export const noticeTexts = {
  en: {
    waiting: "A person will answer you here as soon as somebody is available.",
    taken: (name) => `${name} is answering now.`,
    takenBySomebody: "A person is answering now.",
    assistant: "The assistant is answering again.",
    closed: (name) => `${name} has ended the conversation. You can write again at any time.`,
    closedBySomebody: "The conversation has ended. You can write again at any time.",
    overdue: "Nobody has been free to answer you so far. We are sorry.",
  },
  de: {
    waiting: "Hier antwortet Ihnen ein Mensch, sobald jemand Zeit hat.",
    taken: (name) => `${name} antwortet jetzt.`,
    takenBySomebody: "Jetzt antwortet ein Mensch.",
    assistant: "Der Assistent antwortet wieder.",
    closed: (name) => `${name} hat die Unterhaltung beendet. Sie können jederzeit wieder schreiben.`,
    closedBySomebody: "Die Unterhaltung ist beendet. Sie können jederzeit wieder schreiben.",
    overdue: "Bisher hatte niemand Zeit, Ihnen zu antworten. Das tut uns leid.",
  },
  fr: {
    waiting: "Une personne vous répondra ici dès que quelqu’un sera disponible.",
    taken: (name) => `${name} vous répond maintenant.`,
    takenBySomebody: "Une personne vous répond maintenant.",
    assistant: "L’assistant répond de nouveau.",
    closed: (name) => `${name} a terminé la conversation. Vous pouvez réécrire à tout moment.`,
    closedBySomebody: "La conversation est terminée. Vous pouvez réécrire à tout moment.",
    overdue: "Personne n’a encore pu vous répondre. Nous en sommes désolés.",
  },
  es: {
    waiting: "Una persona te responderá aquí en cuanto haya alguien disponible.",
    taken: (name) => `Ahora responde ${name}.`,
    takenBySomebody: "Ahora responde una persona.",
    assistant: "El asistente vuelve a responder.",
    closed: (name) => `${name} ha terminado la conversación. Puedes volver a escribir cuando quieras.`,
    closedBySomebody: "La conversación ha terminado. Puedes volver a escribir cuando quieras.",
    overdue: "Hasta ahora nadie ha podido responderte. Lo sentimos.",
  },
  pt: {
    waiting: "Uma pessoa vai responder aqui assim que alguém estiver disponível.",
    taken: (name) => `Agora quem responde é ${name}.`,
    takenBySomebody: "Agora quem responde é uma pessoa.",
    assistant: "O assistente voltou a responder.",
    closed: (name) => `${name} encerrou a conversa. Você pode escrever de novo quando quiser.`,
    closedBySomebody: "A conversa foi encerrada. Você pode escrever de novo quando quiser.",
    overdue: "Até agora ninguém pôde responder. Pedimos desculpa.",
  },
  ja: {
    waiting: "担当者が対応できるようになり次第、ここで返信します。",
    taken: (name) => `ここからは${name}が対応します。`,
    takenBySomebody: "ここからは担当者が対応します。",
    assistant: "再びアシスタントが対応します。",
    closed: (name) => `${name}が会話を終了しました。いつでもまたメッセージをお送りください。`,
    closedBySomebody: "会話が終了しました。いつでもまたメッセージをお送りください。",
    overdue: "まだ対応できる担当者がおりません。申し訳ございません。",
  },
  zh: {
    waiting: "有人工客服空闲时，会在这里回复您。",
    taken: (name) => `现在由${name}回复您。`,
    takenBySomebody: "现在由人工客服回复您。",
    assistant: "现在重新由助手回复您。",
    closed: (name) => `${name}已结束对话。您可以随时再次留言。`,
    closedBySomebody: "对话已结束。您可以随时再次留言。",
    overdue: "目前还没有人工客服能够回复您，非常抱歉。",
  },
  ar: {
    waiting: "سيصلك هنا رد من أحد أفراد فريقنا حالما يتفرغ أحدهم.",
    taken: (name) => `الرد عليك الآن من ${name}.`,
    takenBySomebody: "الرد عليك الآن من أحد أفراد فريقنا.",
    assistant: "عاد المساعد إلى الرد عليك.",
    closed: (name) => `انتهت المحادثة مع ${name}. يمكنك الكتابة من جديد في أي وقت.`,
    closedBySomebody: "انتهت المحادثة. يمكنك الكتابة من جديد في أي وقت.",
    overdue: "لم يتمكن أحد من الرد عليك حتى الآن. نعتذر عن ذلك.",
  },
} satisfies Record<string, NoticeTexts>;
