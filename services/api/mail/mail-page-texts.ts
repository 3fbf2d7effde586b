/** Texts of the pages behind the links in mails, in one language. */
export interface MailPageTexts {
  readonly open: string;
  readonly openLead: string;
  readonly openButton: string;
  /** Said where the link is over, or its conversation. */
  readonly ended: string;
  readonly failed: string;
  readonly stop: string;
  readonly stopLead: string;
  readonly stopButton: string;
  readonly stopped: string;
  /** Said of an address that is no whole link. */
  readonly broken: string;
  readonly direction?: "rtl";
}

/** Keys of the languages that the widget speaks. English first, as it is for whoever takes any. */
export const mailPageTexts = {
  en: {
    open: "Your answer is here",
    openLead: "Open it on a device of your own: this browser can then read the conversation and write in it.",
    openButton: "Open the conversation",
    ended: "This link has ended: it is valid for seven days, and as long as there is the conversation.",
    failed: "That did not work. Please try again.",
    stop: "No more mails",
    stopLead: "Your address will get no more mails from this chat.",
    stopButton: "Stop the mails",
    stopped: "Done. Your address gets no more mails from this chat.",
    broken: "This link is not complete. Please open it from the mail once more.",
  },
  de: {
    open: "Ihre Antwort ist da",
    openLead: "Öffnen Sie sie auf einem eigenen Gerät: Dieser Browser kann die Unterhaltung dann lesen und fortsetzen.",
    openButton: "Unterhaltung öffnen",
    ended: "Dieser Link gilt nicht mehr: Er gilt sieben Tage lang, und solange es die Unterhaltung gibt.",
    failed: "Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.",
    stop: "Keine E-Mails mehr",
    stopLead: "Ihre Adresse bekommt dann keine E-Mails mehr von diesem Chat.",
    stopButton: "E-Mails abbestellen",
    stopped: "Erledigt. Ihre Adresse bekommt keine E-Mails mehr von diesem Chat.",
    broken: "Dieser Link ist unvollständig. Bitte öffnen Sie ihn noch einmal aus der E-Mail.",
  },
  fr: {
    open: "Votre réponse est arrivée",
    openLead: "Ouvrez-la sur un appareil à vous : ce navigateur pourra lire la conversation et y écrire.",
    openButton: "Ouvrir la conversation",
    ended: "Ce lien a expiré : il est valable sept jours, tant que la conversation existe.",
    failed: "Cela n’a pas fonctionné. Veuillez réessayer.",
    stop: "Plus d’e-mails",
    stopLead: "Votre adresse ne recevra plus d’e-mails de ce chat.",
    stopButton: "Arrêter les e-mails",
    stopped: "C’est fait. Votre adresse ne reçoit plus d’e-mails de ce chat.",
    broken: "Ce lien est incomplet. Veuillez l’ouvrir à nouveau depuis l’e-mail.",
  },
  es: {
    open: "Tu respuesta está aquí",
    openLead: "Ábrela en un dispositivo tuyo: este navegador podrá leer la conversación y escribir en ella.",
    openButton: "Abrir la conversación",
    ended: "Este enlace ya no es válido: dura siete días, mientras exista la conversación.",
    failed: "No ha funcionado. Inténtalo de nuevo.",
    stop: "No más correos",
    stopLead: "Tu dirección no recibirá más correos de este chat.",
    stopButton: "Dejar de recibir correos",
    stopped: "Hecho. Tu dirección ya no recibe correos de este chat.",
    broken: "Este enlace está incompleto. Ábrelo de nuevo desde el correo.",
  },
  pt: {
    open: "Sua resposta está aqui",
    openLead: "Abra em um aparelho seu: este navegador poderá ler a conversa e escrever nela.",
    openButton: "Abrir a conversa",
    ended: "Este link não vale mais: ele dura sete dias, enquanto a conversa existir.",
    failed: "Não funcionou. Tente de novo.",
    stop: "Sem mais e-mails",
    stopLead: "Seu endereço não receberá mais e-mails deste chat.",
    stopButton: "Parar os e-mails",
    stopped: "Pronto. Seu endereço não recebe mais e-mails deste chat.",
    broken: "Este link está incompleto. Abra-o de novo a partir do e-mail.",
  },
  ja: {
    open: "返信が届いています",
    openLead: "ご自身の端末で開いてください。このブラウザで会話を読み、続きを書けるようになります。",
    openButton: "会話を開く",
    ended: "このリンクは無効です。有効期間は7日間で、会話が残っている間に限ります。",
    failed: "うまくいきませんでした。もう一度お試しください。",
    stop: "メールの停止",
    stopLead: "このチャットからのメールは、あなたのアドレスに届かなくなります。",
    stopButton: "メールを停止する",
    stopped: "完了しました。このチャットからのメールはもう届きません。",
    broken: "リンクが不完全です。メールからもう一度開いてください。",
  },
  zh: {
    open: "您的回复在这里",
    openLead: "请在您自己的设备上打开：此浏览器之后可以阅读并继续这次对话。",
    openButton: "打开对话",
    ended: "此链接已失效：有效期为七天，且对话必须仍然存在。",
    failed: "操作未成功，请重试。",
    stop: "不再接收邮件",
    stopLead: "您的邮箱将不再收到此聊天的邮件。",
    stopButton: "停止邮件",
    stopped: "已完成。您的邮箱不会再收到此聊天的邮件。",
    broken: "此链接不完整，请从邮件中重新打开。",
  },
  ar: {
    direction: "rtl",
    open: "وصلك رد",
    openLead: "يُرجى فتحه على جهاز يخصك: سيتمكن هذا المتصفح بعد ذلك من قراءة المحادثة والكتابة فيها.",
    openButton: "فتح المحادثة",
    ended: "انتهت صلاحية هذا الرابط: يصلح لسبعة أيام ما دامت المحادثة موجودة.",
    failed: "لم تنجح العملية. تُرجى المحاولة مرة أخرى.",
    stop: "إيقاف الرسائل",
    stopLead: "لن تصل إلى عنوانك رسائل أخرى من هذه المحادثات.",
    stopButton: "إيقاف الرسائل",
    stopped: "تم. لن تصل إلى عنوانك رسائل أخرى من هذه المحادثات.",
    broken: "هذا الرابط غير مكتمل. يُرجى فتحه من الرسالة مرة أخرى.",
  },
} satisfies Record<string, MailPageTexts>;
