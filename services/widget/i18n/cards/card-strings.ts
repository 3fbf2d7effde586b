import type { ActionState } from "../../../../shared/protocol/actions/action-card.ts";
import type { Language } from "../languages.ts";

/** Texts of the cards of actions. */
export interface CardStrings {
  /** Asked after a new card was read out. */
  readonly question: string;
  readonly yes: string;
  readonly no: string;
  /** @param when a day and a time */
  readonly until: (when: string) => string;
  readonly sending: string;
  readonly states: Readonly<Record<Exclude<ActionState, "waiting">, string>>;
  /** Refusals of an answer by their code. */
  readonly problems: Readonly<Record<"answered" | "action-over" | "tool-changed" | "identity-required", string>>;
  readonly failed: string;
}

/** One file per language, loaded with the first card. Its name differs from that of the other strings. */
const files: Record<Language, () => Promise<{ readonly cardStrings: CardStrings }>> = {
  en: () => import("./card-en.ts"),
  de: () => import("./card-de.ts"),
  fr: () => import("./card-fr.ts"),
  es: () => import("./card-es.ts"),
  pt: () => import("./card-pt.ts"),
  ja: () => import("./card-ja.ts"),
  zh: () => import("./card-zh.ts"),
  ar: () => import("./card-ar.ts"),
};

/** @throws if the file cannot be loaded */
export async function loadCardStrings(language: Language): Promise<CardStrings> {
  return (await files[language]()).cardStrings;
}
