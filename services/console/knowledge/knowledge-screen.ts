import { html, type TemplateResult } from "lit/html.js";
import type { ServiceProblem } from "../client/service-problem.ts";
import { problemText } from "../views/problem-text.ts";
import type { KnowledgeModel } from "./knowledge-model.ts";
import { knowledgeTexts } from "./knowledge-texts.ts";

export type KnowledgeDialog = "add" | "remove";

/** Deeds for which the page has a button. */
export interface KnowledgeDeeds {
  readonly open: (sourceId: string | undefined) => void;
  readonly openUnanswered: () => void;
  readonly answer: (id: string, form: HTMLFormElement) => void;
  readonly putAside: (id: string) => void;
  readonly search: (question: string) => void;
  readonly ask: (dialog: KnowledgeDialog | undefined) => void;
  readonly chooseKind: (kind: string) => void;
  readonly add: (form: HTMLFormElement) => void;
  readonly remove: () => void;
}

/** Everything that the templates show. */
export interface KnowledgeScreen {
  readonly model: KnowledgeModel;
  readonly deeds: KnowledgeDeeds;
  /** Kind that the form is filled in for. */
  readonly kind: string;
}

/** Says what went wrong, about a source. */
export function knowledgeProblem(problem: ServiceProblem): string {
  if (problem.status === 404) return knowledgeTexts.gone;
  if (problem.code === "read-only") return knowledgeTexts.readOnly;
  return problemText(problem);
}

/** An address as people read it. */
export function shortAddress(url: string): string {
  const { host = "", pathname = "", search = "" } = URL.parse(url) ?? {};
  return host === "" ? url : host + (pathname === "/" ? "" : pathname) + search;
}

/** Links to an address of the web, and to nothing else. */
export function linkTo(url: string, label: string): TemplateResult {
  if (!/^https?:/i.test(url)) return html`<span dir="ltr">${label}</span>`;
  return html`<a href=${url} target="_blank" rel="noopener noreferrer" dir="ltr">${label}</a>`;
}
