import type { LateStrings } from "./late-strings.ts";

export const lateStrings: LateStrings = {
  startNew: "Neue Unterhaltung",
  saveTranscript: "Verlauf herunterladen",
  deleteData: "Meine Daten löschen",
  cancel: "Abbrechen",

  confirmNew: {
    title: "Neue Unterhaltung beginnen?",
    text: "Diese wird hier dann nicht mehr angezeigt.",
    yes: "Neu beginnen",
  },
  confirmDelete: {
    title: "Diese Unterhaltung löschen?",
    text: "Alle Nachrichten werden endgültig gelöscht, hier und auf dem Server.",
    yes: "Löschen",
  },
  deleting: "Ihre Unterhaltung wird gelöscht.",

  comment: "Was könnte besser sein?",
  reason: "Was stimmt nicht?",
  reasons: { wrong: "Ist falsch", unclear: "Ist unklar", unhelpful: "Hilft nicht", other: "Etwas anderes" },
  sendComment: "Rückmeldung senden",

  consent:
    "Um Ihnen zu antworten, speichert dieser Chat Ihre Nachrichten und sendet sie gegebenenfalls an einen KI-Anbieter.",
  agree: "Ich stimme zu",

  openedAsFile:
    "Diese Seite wurde als Datei geöffnet (file://), und Browser lassen solche Seiten nicht mit einem Chat-Dienst sprechen. Öffnen Sie sie über einen Webserver, zum Beispiel mit „npx serve“.",
};
