import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { assistantsPath, readAssistants, type Assistants, type Preset } from "../../../shared/assistants/assistants.ts";
import { listIn, wordLists } from "../../../shared/assistants/localized-text.ts";
import { choosePreset } from "./preset.ts";

let assistants: Assistants;
beforeAll(async () => {
  assistants = await readAssistants(path.join(import.meta.dirname, "../../..", assistantsPath));
});

function presetsOf(type: string): Preset[] {
  const assistant = assistants.get(type);
  if (!assistant) throw new Error(`there is no assistant ${type}`);
  return assistant.presets;
}

describe("shipped presets answer a question by topic and language", () => {
  it.each([
    ["Where is my order?", "tracking link"],
    ["Hello, how can I pay?", "payment methods"],
    ["Good afternoon, I want a refund. Thank you very much!", "returns are easy"],
    ["Can I talk to a person please?", "Contact"],
    ["hi", "welcome"],
    ["Thanks a lot", "very welcome"],
    ["What do you think of tomatoes?", "I'm not quite sure"],

    ["Hallo, wo ist meine Bestellung?", "Sendungsverfolgung"],
    ["Wie lange dauert der Versand in die Schweiz?", "An der **Kasse**"],
    ["Ich möchte die Schuhe zurückschicken, sie passen nicht", "Rücksendung"],
    ["Kann ich auf Rechnung zahlen?", "Zahlungsarten"],
    ["Kann ich mit einem Menschen sprechen?", "persönlich"],
    ["Guten Tag!", "willkommen"],
    ["Vielen Dank", "Sehr gern"],

    ["Bonjour, où est ma commande ?", "lien de suivi"],
    ["Quels sont les frais de livraison ?", "valider le panier"],
    ["Je voudrais être remboursé", "un retour est très simple"],
    ["Bonjour, comment payer ?", "moyens de paiement"],
    ["J’aimerais parler à quelqu’un", "Contact"],
    ["Bonsoir", "bienvenue"],
    ["Merci beaucoup !", "plaisir"],

    ["¿Dónde está mi pedido?", "enlace de seguimiento"],
    ["donde esta mi pedido", "enlace de seguimiento"],
    ["¿Cuánto cuestan los gastos de envío?", "tramitar la compra"],
    ["Quiero devolver unos zapatos", "devolver es muy fácil"],
    ["¿Puedo pagar con tarjeta?", "formas de pago"],
    ["Quiero hablar con una persona", "Contacto"],
    ["¡Hola, buenas tardes!", "bienvenido"],
    ["Muchas gracias", "gusto"],

    ["Olá, onde está o meu pedido?", "link de rastreio"],
    ["Qual é o prazo de entrega?", "finalizar a compra"],
    ["Quero um reembolso", "devolver é simples"],
    ["Posso pagar com cartão de crédito?", "formas de pagamento"],
    ["Quero falar com um atendente", "Contato"],
    ["Bom dia", "Olá"],
    ["Obrigada!", "De nada"],

    ["注文した商品がまだ届きません", "追跡リンク"],
    ["返品したいのですが", "返品は簡単"],
    ["こんにちは", "ようこそ"],
    ["ありがとうございます", "どういたしまして"],
    ["我的订单什么时候到？", "物流查询链接"],
    ["怎么申请退款", "退货很简单"],
    ["您好", "欢迎光临"],
    ["谢谢！", "不客气"],
    ["أين طلبي؟ لم يصل بعد", "رابط التتبع"],
    ["أريد إرجاع الحذاء", "الإرجاع سهل"],
    ["مرحبًا", "أهلًا وسهلًا"],
    ["طـلـبـي", "رابط التتبع"],
    ["فطَلَبِي لم يصل", "رابط التتبع"],
    ["وللارجاع؟", "الإرجاع سهل"],
    ["كيف الدفع بالفاتوره", "طرق الدفع"],
    ["شكرًا جزيلًا", "على الرحب"],
  ])("%j: %j", (message, expected) => {
    expect(choosePreset(presetsOf("default"), message).reply).toContain(expected);
  });

  it.each([
    ["I get an error message", "X-Request-Id"],
    ["My webhook is not called", "Deliveries"],
    ["Hallo, ich habe mein Passwort vergessen", "Passwort vergessen?"],
    ["Es kommt eine Fehlermeldung beim Start", "genaue Meldung"],
    ["Ça ne marche pas", "message exact"],
    ["Olvidé mi contraseña", "ventana privada"],
    ["Aparece um erro, não funciona", "mensagem exata"],
    ["Je veux ouvrir un ticket", "ingénieurs"],
    ["Muchas gracias, ya funciona", "Me alegro"],
    ["エラーが出て動きません", "エラーメッセージ全文"],
    ["登录不了，忘记密码", "无痕窗口"],
    ["تظهر لي رسالة خطأ", "X-Request-Id"],
  ])("the technical ones: %j: %j", (message, expected) => {
    expect(choosePreset(presetsOf("technical"), message).reply).toContain(expected);
  });
});

describe("shipped suggestions", () => {
  const languages = ["en", "de", "fr", "es", "pt", "ja", "zh", "ar"];

  it.each(["default", "technical"])("of the assistant %s exist in each language, and a preset answers each", (type) => {
    const { suggestions, presets, greeting } = assistants.get(type) ?? {};
    expect(Object.keys(greeting ?? {})).toEqual(languages);
    const known = new Map<string, string>();
    for (const language of languages) {
      const questions = listIn(suggestions ?? [], language);
      expect(questions).toHaveLength(3);
      for (const question of questions) {
        const { reply, default: isDefault, weak } = choosePreset(presets ?? [], question, language);
        expect({ question, isDefault, weak }).toEqual({ question, isDefault: undefined, weak: undefined });
        // A reply in one language never answers a suggestion in another.
        expect(known.get(reply) ?? language).toBe(language);
        known.set(reply, language);
      }
    }
  });

  it("have a default reply in the language of the visitor's page, or of the message's script", () => {
    const reply = (message: string, locale?: string) => choosePreset(presetsOf("default"), message, locale).reply;
    expect(reply("Tomaten?", "de-CH")).toContain("Stichwort");
    expect(reply("🍅", "fr")).toContain("Dites-moi");
    expect(reply("トマト", "en")).toContain("担当者");
    expect(reply("西红柿", "en")).toContain("人工");
    expect(reply("طماطم", "en")).toContain("فريقنا");
    expect(reply("What does 東京 mean?", "en")).toContain("not quite sure");
    expect(reply("東京", "ja")).toContain("担当者");
    expect(reply("Tomatoes?", "nl")).toContain("not quite sure");
    expect(reply("Tomatoes?", "no tag at all")).toContain("not quite sure");
  });
});

describe("fallback presets", () => {
  it.each(["default", "technical"])("of the assistant %s are never the answer to a message otherwise", (type) => {
    const words = presetsOf(type).flatMap(({ keywords }) => wordLists(keywords).flatMap(([, list]) => list));
    for (const word of [...words, ...words.map((each) => `${each}?`)]) {
      expect(choosePreset(presetsOf(type), word).fallback).toBeUndefined();
    }
  });

  it.each([
    ["default", "Where is my parcel?", "I'm sorry"],
    ["default", "42", "I'm sorry"],
    ["default", "Wo bleibt eigentlich mein Paket?", "Es tut mir leid"],
    ["default", "Ma commande n'est pas arrivée", "Je suis désolé"],
    ["default", "¿Dónde está mi pedido?", "Lo siento"],
    ["default", "Onde está o meu pedido?", "Desculpe"],
    ["default", "注文した商品はどこですか？", "申し訳ございません"],
    ["default", "我的订单到哪里了？", "非常抱歉"],
    ["default", "أين طلبي؟", "أعتذر"],
    ["technical", "It crashes at start", "I cannot answer"],
    ["technical", "Ich bekomme einen Fehler", "Ich kann gerade nicht"],
    ["technical", "Je n’arrive pas à me connecter", "Je ne peux pas"],
    ["technical", "No funciona mi webhook", "no puedo responder"],
    ["technical", "Não consigo entrar", "Não consigo responder"],
  ])("of the assistant %s say so in the language of %j", (type, message, expected) => {
    const busy = presetsOf(type).filter(({ fallback }) => fallback);
    const [first, ...others] = busy;
    if (!first) throw new Error("there is none");
    expect(choosePreset([{ ...first, default: true }, ...others], message).reply).toContain(expected);
  });

  it("are in the language of the visitor's page where no word tells one", () => {
    const [first, ...others] = presetsOf("default").filter(({ fallback }) => fallback);
    if (!first) throw new Error("there is none");
    const reply = (message: string, locale: string) =>
      choosePreset([{ ...first, default: true }, ...others], message, locale).reply;
    expect(reply("Tomaten", "de")).toContain("Es tut mir leid");
    expect(reply("42", "ar")).toContain("أعتذر");
    expect(reply("🍅", "ja")).toContain("申し訳ございません");
    expect(reply("42", "nl")).toContain("I'm sorry");
  });
});
