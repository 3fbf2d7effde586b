import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { assistantsPath, readAssistants, type Assistants } from "../../../shared/assistants/assistants.ts";
import { textIn, wordLists } from "../../../shared/assistants/localized-text.ts";
import { choosePreset } from "./preset.ts";

const languages = ["en", "de", "fr", "es", "pt", "ja", "zh", "ar"];

/**
 * Questions as visitors ask them, by assistant and by an English keyword of the preset that answers them: one in each
 * language, then perhaps another in each.
 */
const questions: Record<string, Record<string, readonly string[]>> = {
  default: {
    damaged: [
      "My teapot arrived broken",
      "Die Teekanne ist kaputt angekommen",
      "La théière est arrivée cassée",
      "La tetera llegó rota",
      "O bule chegou quebrado",
      "ティーポットが壊れていました",
      "茶壶收到时已经损坏",
      "وصل الإبريق مكسورًا",
    ],
    cancel: [
      "I'd like to cancel my order please",
      "Kann ich meine Bestellung noch stornieren?",
      "Je voudrais annuler ma commande",
      "Quiero cancelar mi pedido",
      "Quero cancelar meu pedido",
      "注文をキャンセルしたいです",
      "我想取消订单",
      "أريد إلغاء طلبي",
    ],
    discount: [
      "My discount code does not apply",
      "Mein Gutscheincode geht nicht",
      "Mon code promo est refusé",
      "Mi código de descuento no vale",
      "Meu cupom de desconto não entra",
      "クーポンが使えません",
      "优惠券用不了",
      "رمز الخصم مرفوض",
      "Do you sell gift cards?",
      "Verkaufen Sie Geschenkkarten?",
      "Vendez-vous des cartes cadeaux ?",
      "¿Venden tarjetas regalo?",
      "Vocês vendem cartões-presente?",
      "ギフトカードはありますか",
      "有礼品卡吗",
      "هل تبيعون بطاقات هدايا؟",
    ],
    account: [
      "I forgot my password",
      "Ich habe mein Passwort vergessen",
      "J'ai oublié mon mot de passe",
      "Olvidé mi contraseña",
      "Esqueci minha senha",
      "パスワードを忘れました",
      "我忘记密码了",
      "نسيت كلمة المرور",
    ],
    "in stock": [
      "Is the jacket back in stock?",
      "Ist die Jacke wieder auf Lager?",
      "La veste est-elle disponible en taille M ?",
      "¿Hay tallas grandes disponibles?",
      "A jaqueta está disponível em estoque?",
      "このジャケットの在庫はありますか",
      "这件夹克有货吗",
      "هل الجاكيت متوفر؟",
      "Do you have this in size M?",
      "Welche Farben gibt es?",
      "Dans quelles couleurs existe-t-il ?",
      "¿Tienen la talla 40?",
      "Vocês têm tamanho G?",
      "何色がありますか",
      "有M码吗",
      "ما الألوان المتوفرة؟",
    ],
    payment: [
      "Do you take Visa?",
      "Kann ich mit Klarna kaufen?",
      "Avez-vous Apple Pay ?",
      "¿Puedo usar Apple Pay?",
      "Vocês têm Google Pay?",
      "コンビニ払いはできますか",
      "可以货到付款吗",
      "هل تقبلون فيزا؟",
    ],
    parcel: [
      "My parcel is lost",
      "Ich habe meine Ware noch nicht erhalten",
      "Je n'ai jamais reçu mon colis",
      "Sigo esperando",
      "Ainda estou esperando",
      "まだ届きません",
      "还没收到",
      "لم يصل طردي",
    ],
    privacy: [
      "What about privacy and GDPR?",
      "Wie ist das mit dem Datenschutz?",
      "Que faites-vous de mes données personnelles ?",
      "¿Qué hacen con mis datos?",
      "Quero apagar meus dados",
      "個人情報はどう扱われますか",
      "你们如何保护隐私",
      "أريد حذف بياناتي",
    ],
    "are you a bot": [
      "Are you a bot or a real person?",
      "Bist du ein Bot oder ein Mensch?",
      "Êtes-vous un robot ou une personne ?",
      "¿Eres un robot o una persona?",
      "Você é um robô ou uma pessoa?",
      "あなたは人間ですか、ボットですか",
      "你是机器人还是真人？",
      "هل أنت روبوت أم إنسان؟",
    ],
    goodbye: [
      "Goodbye!",
      "Auf Wiedersehen",
      "Au revoir",
      "Hasta luego",
      "Até logo!",
      "さようなら",
      "再见",
      "مع السلامة",
    ],
  },
  technical: {
    "are you a bot": [
      "Are you a bot or a real person?",
      "Bist du ein Bot oder ein Mensch?",
      "Êtes-vous un robot ou une personne ?",
      "¿Eres un robot o una persona?",
      "Você é um robô ou uma pessoa?",
      "あなたは人間ですか、ボットですか",
      "你是机器人还是真人？",
      "هل أنت روبوت أم إنسان؟",
    ],
    install: [
      "The installation fails",
      "Die Installation bricht ab",
      "L'installation échoue, il manque des dépendances",
      "No puedo instalar el paquete",
      "Não consigo instalar o pacote",
      "インストールできません",
      "无法安装软件",
      "فشل التثبيت",
    ],
    "api key": [
      "My API key is refused with 401",
      "Mein API-Schlüssel wird abgelehnt",
      "Ma clé d'API est refusée",
      "Mi clave de API es rechazada",
      "Minha chave de API é recusada",
      "APIキーが無効です",
      "我的 API 密钥无效",
      "مفتاح API مرفوض",
    ],
    webhook: [
      "My webhook is not called",
      "Mein Webhook wird nicht aufgerufen",
      "Mon webhook n'est pas appelé",
      "Mi webhook no se llama",
      "Meu webhook não é chamado",
      "Webhookが呼び出されません",
      "我的 Webhook 没有被调用",
      "لا يُستدعى Webhook الخاص بي",
    ],
    slow: [
      "Everything is very slow today",
      "Heute ist alles sehr langsam",
      "Tout est très lent aujourd'hui",
      "Hoy todo va muy lento",
      "Hoje está tudo muito lento",
      "今日はとても遅いです",
      "今天加载很慢",
      "كل شيء بطيء اليوم",
    ],
    "rate limit": [
      "We hit the rate limit",
      "Wir haben zu viele Anfragen gestellt",
      "L'API répond qu'il y a trop de requêtes",
      "Recibo demasiadas peticiones",
      "Recebo muitas requisições",
      "リクエストが多すぎると言われます",
      "提示请求过多",
      "تظهر لنا طلبات كثيرة",
    ],
    configuration: [
      "The proxy breaks the certificate",
      "Das Zertifikat hinter unserem Proxy macht Ärger",
      "Notre pare-feu bloque le certificat",
      "El cortafuegos bloquea el certificado",
      "Quais variáveis de ambiente existem?",
      "環境変数はどこで設定しますか",
      "防火墙和证书怎么配置",
      "أين أضبط متغيرات البيئة؟",
    ],
    documentation: [
      "Where is the documentation?",
      "Wo ist die Dokumentation?",
      "Où est la documentation ?",
      "¿Dónde está la documentación?",
      "Onde está a documentação?",
      "ドキュメントはどこですか",
      "文档在哪里",
      "أين التوثيق؟",
    ],
  },
};

let assistants: Assistants;
beforeAll(async () => {
  assistants = await readAssistants(path.join(import.meta.dirname, "../../..", assistantsPath));
});

describe.each(Object.keys(questions))("the presets of %s", (type) => {
  const topics = Object.entries(questions[type] ?? {}).flatMap(([topic, asked]) =>
    asked.map((question, index) => ({ topic, question, language: languages[index % languages.length] ?? "" })),
  );

  it.each(topics)("answer $question in its language", ({ topic, question, language }) => {
    const presets = assistants.get(type)?.presets ?? [];
    const wanted = presets.find(({ keywords }) => wordLists(keywords)[0]?.[1].includes(topic));
    // Whatever the page's language.
    for (const locale of ["en", language, undefined]) {
      const { reply } = choosePreset(presets, question, locale);
      expect(reply).toBe(textIn(wanted?.reply ?? "", language));
    }
  });
});
