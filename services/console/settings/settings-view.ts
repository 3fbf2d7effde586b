import { html, nothing, type TemplateResult } from "lit/html.js";
import type { AssistantState } from "../../../shared/protocol/people/assistants.ts";
import { problemView } from "../account/fields.ts";
import { clockTime } from "../views/formats.ts";
import { hoursView } from "./hours-view.ts";
import type { SettingsModel } from "./settings-model.ts";
import { toolsView } from "./tools-view.ts";
import { settingsTexts as words } from "./settings-texts.ts";

export function settingsView(model: SettingsModel): TemplateResult {
  if (model.me === undefined) {
    const problem = model.problems.get("page");
    return html`<main class="begin">
      ${problem === undefined ? html`<p role="status">${words.busy}</p>` : problemView(problem)}
      ${problem?.status === 401 ? html`<p><a href="/console?part=settings">${words.signIn}</a></p>` : nothing}
    </main>`;
  }
  return html`<main class="account">
    <section class="who">
      <h1>${words.title}</h1>
      ${model.isAdmin ? nothing : html`<p class="small">${words.adminsChange}</p>`}
      ${problemView(model.problems.get("page"))}
    </section>
    ${assistantsView(model)} ${toolsView(model)} ${hoursView(model)}
  </main>`;
}

function assistantsView(model: SettingsModel): TemplateResult {
  return html`<section aria-labelledby="assistants">
    <h2 id="assistants">${words.assistants.title}</h2>
    <p class="small">${words.assistants.hint}</p>
    <ul class="rows">
      ${model.assistants.map((assistant) => assistantView(assistant, model))}
    </ul>
    ${problemView(model.problems.get("assistants"))}
  </section>`;
}

function assistantView({ type, name, paused }: AssistantState, model: SettingsModel): TemplateResult {
  const { answers, paused: pausedSince, pause, resume, pauseOne, resumeOne } = words.assistants;
  const state = paused === undefined ? answers : pausedSince(clockTime(paused.at), paused.operator);
  return html`<li data-paused=${paused !== undefined}>
    <div>
      <strong dir="auto">${name}</strong> <span class="small" dir="ltr">${type}</span>
      <p class=${paused === undefined ? "small" : "warned"} dir="auto">${state}</p>
    </div>
    ${
      model.isAdmin
        ? html`<button
            type="button"
            class="secondary"
            aria-label=${paused === undefined ? pauseOne(name) : resumeOne(name)}
            ?disabled=${model.busy === "assistants"}
            @click=${() => void model.setPaused(type, paused === undefined)}
          >
            ${paused === undefined ? pause : resume}
          </button>`
        : nothing
    }
  </li>`;
}
