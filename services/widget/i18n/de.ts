import type { UiStrings } from "./ui-strings.ts";

export const strings: UiStrings = {
  chat: "Chat",
  greeting: "Wie können wir helfen?",
  conversation: "Unterhaltung",
  you: "Sie",
  assistant: "Assistent",
  suggestions: "Vorschläge",
  aiNotice: "Sie schreiben mit einer KI.",
  privacy: "Datenschutz",
  olderMessages: "Frühere Nachrichten",
  newestMessages: "Neueste Nachrichten",

  yourMessage: "Ihre Nachricht",
  placeholder: "Nachricht schreiben",
  send: "Senden",
  stop: "Anhalten",
  charactersLeft: (characters) => `Noch ${characters} Zeichen`,
  charactersOver: (characters) => `${characters} Zeichen zu lang`,

  close: "Chat schließen",
  menu: "Mehr",
  notLoaded: "Das konnte nicht geladen werden.",

  writing: "Antwort wird geschrieben",
  nextInQueue: "Sie sind als Nächstes an der Reihe",
  waitsForReply: "Wartet auf die Antwort davor",
  queuePosition: (place) => `Sie sind Nr. ${place} in der Warteschlange`,
  waiting: "Wird noch gesendet",
  sending: "Wird gesendet",
  notSent: "Nicht gesendet",
  noReply: "Es kam keine Antwort",
  stopped: "Angehalten",
  tryAgain: "Erneut versuchen",

  copy: "Kopieren",
  copyCode: "Code kopieren",
  copied: "Kopiert",
  regenerate: "Neu antworten",
  code: "Code",
  table: "Tabelle",
  helpful: "Hilfreich",
  notHelpful: "Nicht hilfreich",
  thanks: "Danke für Ihre Rückmeldung",

  offline: "Sie sind offline. Ihre Nachrichten werden gesendet, sobald Sie wieder verbunden sind.",
  unreachable: "Wir sind im Moment nicht erreichbar.",
  busy: "Gerade ist viel los. Ihre Nachricht bleibt erhalten und wird gesendet.",
  limited: "Sie haben in kurzer Zeit viele Nachrichten geschrieben. Ihre Nachricht ist gespeichert und wird gesendet.",
  retryIn: (time) => `Nächster Versuch in ${time}`,
  restarted: "Diese Unterhaltung ist beendet. Ihre nächste Nachricht beginnt eine neue.",
  openedAsFile:
    "Diese Seite wurde als Datei geöffnet (file://), und Browser lassen solche Seiten nicht mit einem Chat-Dienst sprechen. Öffnen Sie sie über einen Webserver, zum Beispiel mit „npx serve“.",
  originRefused:
    "Dieser Chat lässt sich auf dieser Seite nicht nutzen. Er ist für diese Website noch nicht freigegeben.",
  problems: {
    "too-large": "Diese Nachricht ist zu lang oder enthält unzulässige Zeichen.",
    "identity-required": "Bitte melden Sie sich an, um hier zu schreiben.",
    provider_unavailable: "Der Assistent war nicht erreichbar. Bitte versuchen Sie es noch einmal.",
    provider_rejected: "Der Assistent konnte diese Nachricht nicht beantworten.",
    deadline: "Die Antwort hat zu lange gedauert. Bitte versuchen Sie es noch einmal.",
  },
};
