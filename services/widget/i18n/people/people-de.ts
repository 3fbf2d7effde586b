import type { PeopleStrings } from "./people-strings.ts";

export const peopleStrings: PeopleStrings = {
  askForPerson: "Mit einem Menschen sprechen",
  askForAssistant: "Zurück zum Assistenten",
  team: "Unser Team",
  answering: (name) => `${name} antwortet`,
  typing: (name) => `${name} schreibt`,
  waitingNow: "Jemand ist da und wird Ihnen antworten.",
  waitingToday: "Gerade ist niemand da. Ein Mensch antwortet Ihnen im Laufe des Tages.",
  waitingUntil: (when) => `Gerade ist niemand da. Wieder besetzt ab: ${when}.`,
  waitingLater: "Gerade ist niemand da. Ihre Nachrichten bleiben für unser Team erhalten.",
  place: (position) =>
    position === 1 ? "Sie sind als Nächstes dran." : `Sie sind Nummer ${position} in der Warteschlange.`,
  email: "Ihre E-Mail-Adresse (freiwillig)",
  leaveEmail: "Speichern",
  emailLeft: (address) => `Wir erreichen Sie unter ${address}.`,
  removeEmail: "Entfernen",
  problems: {
    handled: "Diese Unterhaltung führt bereits ein Mensch.",
    updating: "Das geht nicht, solange der Chat aktualisiert wird. Bitte versuchen Sie es in einer Minute erneut.",
    "invalid-request": "Das ist keine E-Mail-Adresse.",
    "too-many-addresses": "In dieser Unterhaltung kann keine weitere Adresse gespeichert werden.",
  },
  failed: "Das hat nicht geklappt. Bitte versuchen Sie es erneut.",
};
