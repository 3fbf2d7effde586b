import { html, nothing, type TemplateResult } from "lit/html.js";
import type { HoursText, SiteHours } from "../../../shared/protocol/people/hours.ts";
import { given, problemView } from "../account/fields.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import { clockTime } from "../views/formats.ts";
import { dateLines, daysOfWeek, lineOf, namePath, readHoursForm } from "./hours-form.ts";
import type { SettingsModel } from "./settings-model.ts";
import { settingsTexts } from "./settings-texts.ts";

const { hours: words } = settingsTexts;

/** The hours of the site, which of them count, and for admins a form that changes them. */
export function hoursView(model: SettingsModel): TemplateResult {
  const { hours } = model;
  if (hours === undefined) return html``;
  const { inForce, changed } = hours;
  const state =
    inForce === "console" && changed ? words.console(clockTime(changed.at), changed.operator) : words[inForce];
  return html`<section aria-labelledby="hours">
    <h2 id="hours">${words.title}</h2>
    <p role="status" dir="auto">${state}</p>
    ${model.isAdmin ? formView(model, hours) : hours.hours && shownHours(hours.hours)}
  </section>`;
}

function shownHours({ zone, week, dates }: HoursText): TemplateResult {
  const lines = dateLines(dates, words.closed).split("\n").filter(Boolean);
  return html`<ul class="rows">
    <li>${words.zone}: ${zone}</li>
    ${daysOfWeek.map((day) => html`<li>${words.days[day]}: ${lineOf(week[day]) || words.closed}</li>`)}
    ${lines.map((line) => html`<li>${line}</li>`)}
  </ul>`;
}

function formView(model: SettingsModel, { inForce, hours, file }: SiteHours): TemplateResult {
  // Typed text goes once it is saved, or given up; a fault leaves it there.
  const settle = async (work: Promise<void>, form: HTMLFormElement | null) => {
    await work;
    if (!model.problems.has("hours")) form?.reset();
  };
  const submit = (event: SubmitEvent) => {
    const form = event.currentTarget as HTMLFormElement;
    void settle(model.saveHours(readHoursForm(given(event), words.closed)), form);
  };
  const drop = ({ currentTarget }: Event) => void settle(model.dropHours(), (currentTarget as HTMLButtonElement).form);
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return html`<form class="fields hours" @submit=${submit}>
    ${lineField({ name: "zone", label: words.zone, line: hours?.zone ?? own, hint: words.zoneHint, list: "zones" })}
    <datalist id="zones">
      ${Intl.supportedValuesOf("timeZone").map((name) => html`<option value=${name}></option>`)}
    </datalist>
    ${daysOfWeek.map((day) => lineField({ name: day, label: words.days[day], line: lineOf(hours?.week[day] ?? []) }))}
    <div class="given">
      <label for="given-dates">${words.dates}</label>
      <textarea
        id="given-dates"
        name="dates"
        rows="4"
        spellcheck="false"
        .defaultValue=${dateLines(hours?.dates ?? {}, words.closed)}
        aria-describedby="hint-dates"
      ></textarea>
      <span class="small" id="hint-dates">${words.datesHint}</span>
    </div>
    ${faultView(model)}
    <div class="line">
      <button class="secondary" ?disabled=${model.busy === "hours"}>${words.save}</button>
      ${
        inForce === "console"
          ? html`<button type="button" class="secondary" ?disabled=${model.busy === "hours"} @click=${drop}>
              ${file === undefined ? words.toNone : words.toFile}
            </button>`
          : nothing
      }
    </div>
  </form>`;
}

function faultView(model: SettingsModel): TemplateResult | typeof nothing {
  const problem = model.problems.get("hours");
  return problemView(problem && new ServiceProblem(namePath(problem.message, words), problem));
}

interface LineField {
  name: string;
  label: string;
  line: string;
  hint?: string;
  /** Id of the list of what may be meant. */
  list?: string;
}

function lineField({ name, label, line, hint, list }: LineField): TemplateResult {
  return html`<div class="given">
    <label for=${`given-${name}`}>${label}</label>
    <input
      id=${`given-${name}`}
      name=${name}
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      list=${list ?? nothing}
      placeholder=${list === undefined ? words.closed : nothing}
      .defaultValue=${line}
      aria-describedby=${hint === undefined ? nothing : `hint-${name}`}
    />
    ${hint === undefined ? nothing : html`<span class="small" id=${`hint-${name}`}>${hint}</span>`}
  </div>`;
}
