/** Texts of the page about privacy in one language. */
export interface PrivacyTexts {
  readonly direction?: "rtl";
  readonly title: string;
  readonly ai: string;
  readonly stored: readonly [heading: string, text: string];
  readonly kept: readonly [heading: string, text: string];
  /** @param days of inactivity after which a conversation is erased */
  readonly erasedAfter: (days: string) => string;
  readonly sent: readonly [heading: string, text: string];
  /** No provider is configured: only prepared answers are sent. */
  readonly notSent: string;
  /** @param names joined, like "OpenAI and Anthropic" */
  readonly sentTo: (names: string) => string;
  /** A server that the site has chosen itself. */
  readonly ownServer: string;
  readonly erase: readonly [heading: string, text: string];
}

/** Keys of the languages that the widget speaks. */
export const privacyTexts = {
  en: {
    title: "What this chat stores",
    ai: "Replies in this chat are written by an AI. They can be wrong.",
    stored: [
      "What is stored",
      "Your messages and their replies, your ratings and comments, the address of the page you write from (without its query) and your language. Your browser keeps the newest messages and the key to your conversation.",
    ],
    kept: ["For how long", "Until you delete the conversation."],
    erasedAfter: (days) => `Until you delete the conversation, or until nobody has written in it for ${days}.`,
    sent: ["Who receives your messages", "The operator of this website, and the AI provider that writes the reply."],
    notSent: "No AI provider is set up: replies are prepared texts, and your messages do not leave this service.",
    sentTo: (names) => `Providers set up here: ${names}.`,
    ownServer: "a server that the operator has chosen",
    erase: [
      "How to delete it",
      "Open the menu of the chat (⋮) and choose “Delete my data”. All messages are erased, here and on the server.",
    ],
  },
  de: {
    title: "Was dieser Chat speichert",
    ai: "Die Antworten in diesem Chat schreibt eine KI. Sie können falsch sein.",
    stored: [
      "Was gespeichert wird",
      "Ihre Nachrichten und die Antworten, Ihre Bewertungen und Kommentare, die Adresse der Seite, von der Sie schreiben (ohne Anfrageteil), und Ihre Sprache. Ihr Browser behält die neuesten Nachrichten und den Schlüssel zu Ihrer Unterhaltung.",
    ],
    kept: ["Wie lange", "Bis Sie die Unterhaltung löschen."],
    erasedAfter: (days) => `Bis Sie die Unterhaltung löschen, oder bis ${days} lang niemand darin geschrieben hat.`,
    sent: [
      "Wer Ihre Nachrichten erhält",
      "Der Betreiber dieser Website und der KI-Anbieter, der die Antwort schreibt.",
    ],
    notSent:
      "Es ist kein KI-Anbieter eingerichtet: Antworten sind vorbereitete Texte, und Ihre Nachrichten verlassen diesen Dienst nicht.",
    sentTo: (names) => `Hier eingerichtete Anbieter: ${names}.`,
    ownServer: "ein vom Betreiber gewählter Server",
    erase: [
      "Wie Sie es löschen",
      "Öffnen Sie das Menü des Chats (⋮) und wählen Sie „Meine Daten löschen“. Alle Nachrichten werden gelöscht, hier und auf dem Server.",
    ],
  },
  fr: {
    title: "Ce que ce chat enregistre",
    ai: "Les réponses de ce chat sont écrites par une IA. Elles peuvent être fausses.",
    stored: [
      "Ce qui est enregistré",
      "Vos messages et les réponses, vos évaluations et commentaires, l’adresse de la page d’où vous écrivez (sans ses paramètres) et votre langue. Votre navigateur garde les derniers messages et la clé de votre conversation.",
    ],
    kept: ["Pendant combien de temps", "Jusqu’à ce que vous supprimiez la conversation."],
    erasedAfter: (days) =>
      `Jusqu’à ce que vous supprimiez la conversation, ou que personne n’y ait écrit pendant ${days}.`,
    sent: ["Qui reçoit vos messages", "L’exploitant de ce site, et le fournisseur d’IA qui écrit la réponse."],
    notSent:
      "Aucun fournisseur d’IA n’est configuré : les réponses sont des textes préparés, et vos messages ne quittent pas ce service.",
    sentTo: (names) => `Fournisseurs configurés ici : ${names}.`,
    ownServer: "un serveur choisi par l’exploitant",
    erase: [
      "Comment l’effacer",
      "Ouvrez le menu du chat (⋮) et choisissez « Supprimer mes données ». Tous les messages sont effacés, ici et sur le serveur.",
    ],
  },
  es: {
    title: "Qué guarda este chat",
    ai: "Las respuestas de este chat las escribe una IA. Pueden ser incorrectas.",
    stored: [
      "Qué se guarda",
      "Tus mensajes y las respuestas, tus valoraciones y comentarios, la dirección de la página desde la que escribes (sin sus parámetros) y tu idioma. Tu navegador guarda los últimos mensajes y la clave de tu conversación.",
    ],
    kept: ["Durante cuánto tiempo", "Hasta que elimines la conversación."],
    erasedAfter: (days) =>
      `Hasta que elimines la conversación, o hasta que nadie haya escrito en ella durante ${days}.`,
    sent: [
      "Quién recibe tus mensajes",
      "El responsable de este sitio web y el proveedor de IA que escribe la respuesta.",
    ],
    notSent:
      "No hay ningún proveedor de IA configurado: las respuestas son textos preparados y tus mensajes no salen de este servicio.",
    sentTo: (names) => `Proveedores configurados aquí: ${names}.`,
    ownServer: "un servidor elegido por el responsable",
    erase: [
      "Cómo borrarlo",
      "Abre el menú del chat (⋮) y elige «Borrar mis datos». Todos los mensajes se borran, aquí y en el servidor.",
    ],
  },
  pt: {
    title: "O que este chat guarda",
    ai: "As respostas deste chat são escritas por uma IA. Elas podem estar erradas.",
    stored: [
      "O que é guardado",
      "As suas mensagens e as respostas, as suas avaliações e comentários, o endereço da página de onde você escreve (sem os parâmetros) e o seu idioma. O navegador guarda as mensagens mais recentes e a chave da sua conversa.",
    ],
    kept: ["Por quanto tempo", "Até você excluir a conversa."],
    erasedAfter: (days) => `Até você excluir a conversa, ou até que ninguém escreva nela durante ${days}.`,
    sent: ["Quem recebe as suas mensagens", "O responsável por este site e o provedor de IA que escreve a resposta."],
    notSent:
      "Nenhum provedor de IA está configurado: as respostas são textos preparados, e as suas mensagens não saem deste serviço.",
    sentTo: (names) => `Provedores configurados aqui: ${names}.`,
    ownServer: "um servidor escolhido pelo responsável",
    erase: [
      "Como excluir",
      "Abra o menu do chat (⋮) e escolha “Apagar meus dados”. Todas as mensagens são apagadas, aqui e no servidor.",
    ],
  },
  ja: {
    title: "このチャットが保存するもの",
    ai: "このチャットの返信はAIが作成しています。誤りを含むことがあります。",
    stored: [
      "保存される内容",
      "お客様のメッセージと返信、評価とコメント、書き込み元のページのアドレス（クエリを除く）、言語が保存されます。ブラウザーには最新のメッセージと会話の鍵が保存されます。",
    ],
    kept: ["保存期間", "お客様が会話を削除するまで保存されます。"],
    erasedAfter: (days) => `お客様が会話を削除するまで、または${days}の間だれも書き込まなくなるまで保存されます。`,
    sent: ["メッセージの送信先", "このウェブサイトの運営者と、返信を作成するAIプロバイダーです。"],
    notSent:
      "AIプロバイダーは設定されていません。返信は用意された文章で、メッセージがこのサービスの外に送られることはありません。",
    sentTo: (names) => `設定されているプロバイダー：${names}`,
    ownServer: "運営者が選んだサーバー",
    erase: [
      "削除の方法",
      "チャットのメニュー（⋮）を開き、「データを削除」を選んでください。ここでもサーバーでもすべてのメッセージが消去されます。",
    ],
  },
  zh: {
    title: "此聊天保存哪些内容",
    ai: "此聊天中的回复由人工智能撰写，可能有误。",
    stored: [
      "保存的内容",
      "您的消息及回复、您的评分和意见、您所在页面的地址（不含查询参数）以及您的语言。您的浏览器会保存最新的消息和对话密钥。",
    ],
    kept: ["保存多久", "直到您删除对话为止。"],
    erasedAfter: (days) => `直到您删除对话，或连续${days}无人在其中发言为止。`,
    sent: ["谁会收到您的消息", "本网站的运营者，以及撰写回复的人工智能服务商。"],
    notSent: "未配置人工智能服务商：回复为预先准备的文本，您的消息不会离开本服务。",
    sentTo: (names) => `此处配置的服务商：${names}。`,
    ownServer: "运营者选择的服务器",
    erase: ["如何删除", "打开聊天菜单（⋮），选择“删除我的数据”。所有消息都会在这里和服务器上被清除。"],
  },
  ar: {
    direction: "rtl",
    title: "ما الذي تحفظه هذه الدردشة",
    ai: "الردود في هذه الدردشة يكتبها ذكاء اصطناعي، وقد تكون خاطئة.",
    stored: [
      "ما الذي يُحفظ",
      "رسائلك والردود عليها، وتقييماتك وتعليقاتك، وعنوان الصفحة التي تكتب منها (دون معاملاتها) ولغتك. ويحتفظ متصفحك بأحدث الرسائل وبمفتاح محادثتك.",
    ],
    kept: ["إلى متى", "إلى أن تحذف المحادثة."],
    erasedAfter: (days) => `إلى أن تحذف المحادثة، أو إلى أن تمر ${days} دون أن يكتب فيها أحد.`,
    sent: ["من يتلقى رسائلك", "مشغّل هذا الموقع، ومزوّد الذكاء الاصطناعي الذي يكتب الرد."],
    notSent: "لم يُضبط أي مزوّد للذكاء الاصطناعي: الردود نصوص معدّة مسبقًا، ورسائلك لا تغادر هذه الخدمة.",
    sentTo: (names) => `المزوّدون المضبوطون هنا: ${names}.`,
    ownServer: "خادم اختاره المشغّل",
    erase: ["كيف تحذفها", "افتح قائمة الدردشة (⋮) واختر «حذف بياناتي». تُمحى كل الرسائل هنا وعلى الخادم."],
  },
} satisfies Record<string, PrivacyTexts>;
