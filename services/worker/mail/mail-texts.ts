/** Texts of the mail to a visitor in one language. Their grammar fits a person of any gender. */
export interface MailTexts {
  readonly subject: string;
  readonly answered: string;
  /** Before the link. */
  readonly read: string;
  readonly keepIt: string;
  /** Before the link that stops such mails. */
  readonly stop: string;
}

/** Keys of the languages that the widget speaks. */
export const mailTexts = {
  en: {
    subject: "You have an answer",
    answered: "A person has answered you in our chat.",
    read: "Read the answer here, within seven days:",
    keepIt: "The link opens this one conversation. Please do not pass it on.",
    stop: "To get no more of these mails:",
  },
  de: {
    subject: "Sie haben eine Antwort",
    answered: "Ein Mensch hat Ihnen in unserem Chat geantwortet.",
    read: "Hier können Sie die Antwort sieben Tage lang lesen:",
    keepIt: "Der Link öffnet nur diese eine Unterhaltung. Bitte geben Sie ihn nicht weiter.",
    stop: "Wenn Sie keine solchen E-Mails mehr möchten:",
  },
  fr: {
    subject: "Vous avez une réponse",
    answered: "Une personne vous a répondu dans notre chat.",
    read: "Lisez la réponse ici, dans les sept jours :",
    keepIt: "Le lien n’ouvre que cette conversation. Merci de ne pas le transmettre.",
    stop: "Pour ne plus recevoir ces e-mails :",
  },
  es: {
    subject: "Tienes una respuesta",
    answered: "Una persona te ha respondido en nuestro chat.",
    read: "Lee la respuesta aquí, durante siete días:",
    keepIt: "El enlace abre solo esta conversación. No lo compartas, por favor.",
    stop: "Para no recibir más correos como este:",
  },
  pt: {
    subject: "Você tem uma resposta",
    answered: "Uma pessoa respondeu a você no nosso chat.",
    read: "Leia a resposta aqui, em até sete dias:",
    keepIt: "O link abre somente esta conversa. Por favor, não o repasse.",
    stop: "Para não receber mais e-mails como este:",
  },
  ja: {
    subject: "返信が届いています",
    answered: "チャットに担当者からの返信があります。",
    read: "返信は7日以内にこちらからお読みいただけます：",
    keepIt: "このリンクで開けるのはこの会話だけです。ほかの人に渡さないでください。",
    stop: "今後このようなメールを受け取らない場合：",
  },
  zh: {
    subject: "您收到了回复",
    answered: "人工客服已在聊天中回复您。",
    read: "请在七天内点击此处阅读回复：",
    keepIt: "此链接只能打开这一次对话，请勿转发。",
    stop: "如不想再收到此类邮件：",
  },
  ar: {
    subject: "لديك رد",
    answered: "رد عليك أحد أفراد فريقنا في المحادثة.",
    read: "يمكنك قراءة الرد هنا خلال سبعة أيام:",
    keepIt: "يفتح هذا الرابط هذه المحادثة وحدها. نرجو عدم مشاركته.",
    stop: "لعدم تلقي مثل هذه الرسائل:",
  },
} satisfies Record<string, MailTexts>;
