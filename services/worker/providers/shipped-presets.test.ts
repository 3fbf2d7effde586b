import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { assistantsPath, readAssistants, type Assistants, type Preset } from "../../../shared/assistants/assistants.ts";
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
  ])("the technical ones: %j: %j", (message, expected) => {
    expect(choosePreset(presetsOf("technical"), message).reply).toContain(expected);
  });
});

describe("fallback presets", () => {
  it.each(["default", "technical"])("of the assistant %s are never the answer to a message otherwise", (type) => {
    const words = presetsOf(type).flatMap(({ keywords }) => keywords);
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
});
