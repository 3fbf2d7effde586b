/** Texts of the page about privacy in one language. */
export interface PrivacyTexts {
  readonly direction?: "rtl";
  readonly title: string;
  readonly ai: string;
  readonly stored: readonly [heading: string, text: string];
  readonly kept: readonly [heading: string, text: string];
  /** @param days of inactivity after which a conversation is erased */
  readonly erasedAfter: (days: string) => string;
  /** Says that records without text stay longer. */
  readonly keptLonger: string;
  readonly sent: readonly [heading: string, text: string];
  readonly erase: readonly [heading: string, text: string];
}

/** Keys of the languages that the widget speaks. */
export const privacyTexts = {
  en: {
    title: "What this chat stores",
    ai: "Replies in this chat are written by an AI, unless a person’s name stands above them. The AI can be wrong.",
    stored: [
      "What is stored",
      "Your messages and their replies, your ratings and comments, an e-mail address if you leave one, the address of the page you write from (without its query) and your language. Your browser keeps the newest messages and the key to your conversation. Also further data that this website hands over and, if you are signed in there, a code that stands for you. Your network address is counted for a short time, against misuse.",
    ],
    kept: ["For how long", "Until you delete the conversation."],
    erasedAfter: (days) => `Until you delete the conversation, or until nobody has written in it for ${days}.`,
    keptLonger: "Technical records without your words, like times and costs, may stay longer.",
    sent: [
      "Who receives your messages",
      "The operator of this website and, where one is set up, the AI provider that the operator has chosen to write the replies. It may also receive data that this website hands over.",
    ],
    erase: [
      "How to delete it",
      "Open the menu of the chat (⋯) and choose “Delete my data”. All messages are erased, here and on the server.",
    ],
  },
  de: {
    title: "Was dieser Chat speichert",
    ai: "Die Antworten in diesem Chat schreibt eine KI, außer wo der Name eines Menschen darüber steht. Die KI kann sich irren.",
    stored: [
      "Was gespeichert wird",
      "Ihre Nachrichten und die Antworten, Ihre Bewertungen und Kommentare, eine E-Mail-Adresse, falls Sie eine hinterlassen, die Adresse der Seite, von der Sie schreiben (ohne Anfrageteil), und Ihre Sprache. Ihr Browser behält die neuesten Nachrichten und den Schlüssel zu Ihrer Unterhaltung. Dazu weitere Angaben, die diese Website übergibt, und, falls Sie dort angemeldet sind, ein Kennzeichen, das für Sie steht. Ihre Netzwerkadresse wird zum Schutz vor Missbrauch kurze Zeit gezählt.",
    ],
    kept: ["Wie lange", "Bis Sie die Unterhaltung löschen."],
    erasedAfter: (days) => `Bis Sie die Unterhaltung löschen, oder bis ${days} lang niemand darin geschrieben hat.`,
    keptLonger: "Technische Aufzeichnungen ohne Ihre Worte, etwa Zeiten und Kosten, können länger bleiben.",
    sent: [
      "Wer Ihre Nachrichten erhält",
      "Der Betreiber dieser Website und, falls eingerichtet, der KI-Anbieter, den er für die Antworten gewählt hat. Dieser kann auch Angaben erhalten, die diese Website übergibt.",
    ],
    erase: [
      "Wie Sie es löschen",
      "Öffnen Sie das Menü des Chats (⋯) und wählen Sie „Meine Daten löschen“. Alle Nachrichten werden gelöscht, hier und auf dem Server.",
    ],
  },
  fr: {
    title: "Ce que ce chat enregistre",
    ai: "Les réponses de ce chat sont écrites par une IA, sauf si le nom d’une personne figure au-dessus. L’IA peut se tromper.",
    stored: [
      "Ce qui est enregistré",
      "Vos messages et les réponses, vos évaluations et commentaires, une adresse e-mail si vous en laissez une, l’adresse de la page d’où vous écrivez (sans ses paramètres) et votre langue. Votre navigateur garde les derniers messages et la clé de votre conversation. Ainsi que d’autres données transmises par ce site et, si vous y êtes connecté, un code qui vous représente. Votre adresse réseau est comptée brièvement pour prévenir les abus.",
    ],
    kept: ["Pendant combien de temps", "Jusqu’à ce que vous supprimiez la conversation."],
    erasedAfter: (days) =>
      `Jusqu’à ce que vous supprimiez la conversation, ou que personne n’y ait écrit pendant ${days}.`,
    keptLonger:
      "Des traces techniques sans vos mots, comme les heures et les coûts, peuvent être gardées plus longtemps.",
    sent: [
      "Qui reçoit vos messages",
      "L’exploitant de ce site et, s’il y en a un, le fournisseur d’IA qu’il a choisi pour écrire les réponses. Ce dernier peut aussi recevoir des données transmises par ce site.",
    ],
    erase: [
      "Comment l’effacer",
      "Ouvrez le menu du chat (⋯) et choisissez « Supprimer mes données ». Tous les messages sont effacés, ici et sur le serveur.",
    ],
  },
  es: {
    title: "Qué guarda este chat",
    ai: "Las respuestas de este chat las escribe una IA, salvo donde figura el nombre de una persona. La IA puede equivocarse.",
    stored: [
      "Qué se guarda",
      "Tus mensajes y las respuestas, tus valoraciones y comentarios, un correo electrónico si lo dejas, la dirección de la página desde la que escribes (sin sus parámetros) y tu idioma. Tu navegador guarda los últimos mensajes y la clave de tu conversación. También otros datos que entrega este sitio web y, si has iniciado sesión en él, un código que te representa. Tu dirección de red se cuenta durante poco tiempo para evitar abusos.",
    ],
    kept: ["Durante cuánto tiempo", "Hasta que elimines la conversación."],
    erasedAfter: (days) =>
      `Hasta que elimines la conversación, o hasta que nadie haya escrito en ella durante ${days}.`,
    keptLonger: "Los registros técnicos sin tus palabras, como horas y costes, pueden conservarse más tiempo.",
    sent: [
      "Quién recibe tus mensajes",
      "El responsable de este sitio web y, si lo hay, el proveedor de IA que ha elegido para escribir las respuestas. Este también puede recibir datos que entrega este sitio web.",
    ],
    erase: [
      "Cómo borrarlo",
      "Abre el menú del chat (⋯) y elige «Borrar mis datos». Todos los mensajes se borran, aquí y en el servidor.",
    ],
  },
  pt: {
    title: "O que este chat guarda",
    ai: "As respostas deste chat são escritas por uma IA, exceto onde aparece o nome de uma pessoa. A IA pode errar.",
    stored: [
      "O que é guardado",
      "As suas mensagens e as respostas, as suas avaliações e comentários, um e-mail se você o deixar, o endereço da página de onde você escreve (sem os parâmetros) e o seu idioma. O navegador guarda as mensagens mais recentes e a chave da sua conversa. Também outros dados fornecidos por este site e, se você estiver conectado nele, um código que o representa. O seu endereço de rede é contado por pouco tempo, contra abusos.",
    ],
    kept: ["Por quanto tempo", "Até você excluir a conversa."],
    erasedAfter: (days) => `Até você excluir a conversa, ou até que ninguém escreva nela durante ${days}.`,
    keptLonger: "Registros técnicos sem as suas palavras, como horários e custos, podem ficar por mais tempo.",
    sent: [
      "Quem recebe as suas mensagens",
      "O responsável por este site e, se houver, o provedor de IA que ele escolheu para escrever as respostas. Este também pode receber dados fornecidos por este site.",
    ],
    erase: [
      "Como excluir",
      "Abra o menu do chat (⋯) e escolha “Apagar meus dados”. Todas as mensagens são apagadas, aqui e no servidor.",
    ],
  },
  ja: {
    title: "このチャットが保存するもの",
    ai: "このチャットの返信は、担当者の名前が表示されているものを除き、AIが作成しています。AIの返信には誤りが含まれることがあります。",
    stored: [
      "保存される内容",
      "お客様のメッセージと返信、評価とコメント、ご登録いただいた場合のメールアドレス、書き込み元のページのアドレス（クエリを除く）、言語が保存されます。ブラウザーには最新のメッセージと会話の鍵が保存されます。このウェブサイトが渡すその他の情報と、ログインしている場合はお客様を表す符号も保存されます。ネットワークアドレスは不正利用を防ぐため短時間だけ数えられます。",
    ],
    kept: ["保存期間", "お客様が会話を削除するまで保存されます。"],
    erasedAfter: (days) => `お客様が会話を削除するまで、または${days}の間だれも書き込まなくなるまで保存されます。`,
    keptLonger: "時刻や費用など、お客様の文章を含まない技術的な記録は、より長く残ることがあります。",
    sent: [
      "メッセージの送信先",
      "このウェブサイトの運営者と、設定されている場合は、運営者が返信の作成のために選んだAIプロバイダーです。このウェブサイトが渡す情報も送られることがあります。",
    ],
    erase: [
      "削除の方法",
      "チャットのメニュー（⋯）を開き、「データを削除」を選んでください。ここでもサーバーでもすべてのメッセージが消去されます。",
    ],
  },
  zh: {
    title: "此聊天保存哪些内容",
    ai: "此聊天中的回复由人工智能撰写，标有客服姓名的除外。人工智能的回复可能有误。",
    stored: [
      "保存的内容",
      "您的消息及回复、您的评分和意见、您留下的邮箱地址（如有）、您所在页面的地址（不含查询参数）以及您的语言。您的浏览器会保存最新的消息和对话密钥。以及本网站提供的其他数据；如果您已在本网站登录，还包括代表您的代码。为防止滥用，会短时间统计您的网络地址。",
    ],
    kept: ["保存多久", "直到您删除对话为止。"],
    erasedAfter: (days) => `直到您删除对话，或连续${days}无人在其中发言为止。`,
    keptLonger: "不含您文字的技术记录（如时间和费用）可能保留更久。",
    sent: [
      "谁会收到您的消息",
      "本网站的运营者；如已配置，还有运营者为撰写回复而选择的人工智能服务商，它也可能收到本网站提供的数据。",
    ],
    erase: ["如何删除", "打开聊天菜单（⋯），选择“删除我的数据”。所有消息都会在这里和服务器上被清除。"],
  },
  ar: {
    direction: "rtl",
    title: "ما الذي تحفظه هذه الدردشة",
    ai: "الردود في هذه الدردشة يكتبها ذكاء اصطناعي، إلا ما يعلوه اسم شخص. وقد يخطئ الذكاء الاصطناعي.",
    stored: [
      "ما الذي يُحفظ",
      "رسائلك والردود عليها، وتقييماتك وتعليقاتك، وبريدك الإلكتروني إن تركته، وعنوان الصفحة التي تكتب منها (دون معاملاتها) ولغتك. ويحتفظ متصفحك بأحدث الرسائل وبمفتاح محادثتك. وكذلك بيانات أخرى يسلّمها هذا الموقع، ورمز يمثّلك إذا كنت مسجّل الدخول فيه. ويُحسب عنوانك على الشبكة لمدة قصيرة منعًا لإساءة الاستخدام.",
    ],
    kept: ["إلى متى", "إلى أن تحذف المحادثة."],
    erasedAfter: (days) => `إلى أن تحذف المحادثة، أو إلى أن تمر ${days} دون أن يكتب فيها أحد.`,
    keptLonger: "قد تبقى السجلات التقنية الخالية من كلماتك، مثل الأوقات والتكاليف، مدة أطول.",
    sent: [
      "من يتلقى رسائلك",
      "مشغّل هذا الموقع، ومزوّد الذكاء الاصطناعي الذي اختاره المشغّل لكتابة الردود إن وُجد. وقد يتلقى المزوّد أيضًا بيانات يسلّمها هذا الموقع.",
    ],
    erase: ["كيف تحذفها", "افتح قائمة الدردشة (⋯) واختر «حذف بياناتي». تُمحى كل الرسائل هنا وعلى الخادم."],
  },
} satisfies Record<string, PrivacyTexts>;
