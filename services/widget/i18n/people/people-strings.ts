import type { Language } from "../languages.ts";

/** Texts of the parts of the panel that show people. Names and addresses are isolated from the direction of the text. */
export interface PeopleStrings {
  readonly askForPerson: string;
  readonly askForAssistant: string;
  /** Name of a person whose own is unknown. */
  readonly team: string;
  readonly answering: (name: string) => string;
  readonly typing: (name: string) => string;

  /** A person is there. */
  readonly waitingNow: string;
  /** Nobody is there, within the hours of the site. */
  readonly waitingToday: string;
  /** Nobody is there before that day and time, of the visitor's own zone. */
  readonly waitingUntil: (when: string) => string;
  /** Nobody is there, and nobody knows when somebody will be. */
  readonly waitingLater: string;
  /** Place among those who wait, from 1. */
  readonly place: (position: number) => string;
  readonly email: string;
  readonly leaveEmail: string;
  readonly emailLeft: (address: string) => string;
  readonly removeEmail: string;

  /** Refusals by their code. */
  readonly problems: Readonly<Record<"handled" | "updating" | "invalid-request" | "too-many-addresses", string>>;
  readonly failed: string;
}

/** One file per language, as where people answer, most visitors load one. Its name differs from that of the other strings. */
const files: Record<Language, () => Promise<{ readonly peopleStrings: PeopleStrings }>> = {
  en: () => import("./people-en.ts"),
  de: () => import("./people-de.ts"),
  fr: () => import("./people-fr.ts"),
  es: () => import("./people-es.ts"),
  pt: () => import("./people-pt.ts"),
  ja: () => import("./people-ja.ts"),
  zh: () => import("./people-zh.ts"),
  ar: () => import("./people-ar.ts"),
};

/** @throws if the file cannot be loaded */
export async function loadPeopleStrings(language: Language): Promise<PeopleStrings> {
  return (await files[language]()).peopleStrings;
}
