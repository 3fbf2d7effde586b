import type { CardStrings } from "./card-strings.ts";

export const cardStrings: CardStrings = {
  question: "Ja oder nein?",
  yes: "Ja, ausführen",
  no: "Nein, nicht ausführen",
  until: (when) => `Sie können dies bestätigen bis: ${when}.`,
  sending: "Ihre Antwort wird gesendet …",
  states: {
    confirmed: "Sie haben Ja gesagt. Das Ergebnis erscheint hier.",
    refused: "Sie haben Nein gesagt. Es wurde nichts ausgeführt.",
    expired: "Die Frist ist abgelaufen. Es wurde nichts ausgeführt.",
    replaced: "Durch eine neuere Frage ersetzt. Es wurde nichts ausgeführt.",
    withdrawn: "Zurückgezogen. Es wurde nichts ausgeführt.",
    sent: "Es wird gerade ausgeführt.",
    done: "Erledigt.",
    failed: "Es konnte nicht ausgeführt werden.",
    unknown: "Wir wissen nicht, ob dies ausgeführt wurde. Unser Team prüft es.",
  },
  problems: {
    answered: "Dies wurde schon beantwortet, vielleicht auf einem anderen Gerät.",
    "action-over": "Ein Mensch führt jetzt diese Unterhaltung. Bitte fragen Sie dort.",
    "tool-changed": "Dies hat sich inzwischen geändert und kann nicht mehr bestätigt werden. Bitte fragen Sie erneut.",
    "identity-required": "Bitte melden Sie sich zuerst auf dieser Website an und bestätigen Sie dann.",
  },
  failed: "Ihre Antwort ist nicht angekommen. Bitte versuchen Sie es in einer Minute erneut.",
};
