import { html, nothing, type TemplateResult } from "lit/html.js";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import { passwordLength } from "../../../shared/protocol/people/password-length.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import { texts } from "../texts.ts";
import { problemText } from "../views/problem-text.ts";
import { accountTexts as words } from "./account-texts.ts";

/** Roles to choose from. */
export const roles = ["operator", "reader", "admin"] as const satisfies OperatorRole[];

interface Field {
  name: string;
  label: string;
  type?: "text" | "email" | "password";
  autocomplete: "username" | "current-password" | "new-password" | "one-time-code" | "off";
  value?: string;
  hint?: string;
  required?: boolean;
  minLength?: number;
  inputMode?: "numeric";
  /** True to begin here. */
  focus?: boolean;
}

/** A labelled input. Password managers find it by its `autocomplete`. */
export function inputField({ name, label, type = "text", hint, required = true, ...field }: Field): TemplateResult {
  return html`<div class="given">
    <label for=${`given-${name}`}>${label}</label>
    <input
      id=${`given-${name}`}
      name=${name}
      type=${type}
      autocomplete=${field.autocomplete}
      autocapitalize="off"
      spellcheck="false"
      dir="auto"
      .value=${field.value ?? ""}
      ?required=${required}
      ?readonly=${field.value !== undefined}
      ?autofocus=${field.focus}
      inputmode=${field.inputMode ?? nothing}
      minlength=${field.minLength ?? nothing}
      aria-describedby=${hint === undefined ? nothing : `hint-${name}`}
    />
    ${hint === undefined ? nothing : html`<span class="small" id=${`hint-${name}`}>${hint}</span>`}
  </div>`;
}

export function newPasswordField(): TemplateResult {
  return inputField({
    name: "newPassword",
    label: words.newPassword,
    type: "password",
    autocomplete: "new-password",
    hint: words.newPasswordHint,
    minLength: passwordLength.min,
  });
}

/** Reads the texts of a form. */
export function given(event: SubmitEvent): Record<string, string> {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  const fields = [...new FormData(form)];
  return Object.fromEntries(fields.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

export function problemView(problem: ServiceProblem | undefined): TemplateResult | typeof nothing {
  return problem === undefined ? nothing : html`<p class="problem" role="alert">${accountProblem(problem)}</p>`;
}

/** Says what went wrong as the service says it, unless it could not be reached. */
function accountProblem(problem: ServiceProblem): string {
  const isOurs = problem.code !== "" && problem.status !== 0 && problem.code !== "admin-unauthorized";
  if (problem.status === 429) return problem.message || texts.problems.often;
  return isOurs && problem.message !== "" ? problem.message : problemText(problem);
}

/** @throws what is no refusal of the service */
export function asProblem(error: unknown): ServiceProblem {
  if (error instanceof ServiceProblem) return error;
  throw error;
}
