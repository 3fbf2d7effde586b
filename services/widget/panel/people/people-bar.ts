import { html, nothing, type TemplateResult } from "lit/html.js";
import type { ViewModel } from "../view-model.ts";
import { isolate, type PeopleContext } from "./person-message.ts";

/** Paths on the same grid as the panel's other icons. */
const personPath = "M10 9.8a3.1 3.1 0 1 0 0-6.2 3.1 3.1 0 0 0 0 6.2zM4 16.4c.5-2.9 3-4.3 6-4.3s5.5 1.4 6 4.3";
const backPath = "M8 4.5L4 8.5l4 4M4.3 8.5h7.400a4 4 0 0 1 0 8H9";

export function peopleBar(context: PeopleContext, view: ViewModel): unknown {
  const { strings, face } = context;
  const { handledBy, operator = { name: strings.team } } = view.state.handling;
  if (handledBy === "operator") {
    return html`<div class="people answering" part="people">
      ${face(view, operator)}
      <p>${strings.answering(isolate(operator.name))}</p>
    </div>`;
  }
  if (handledBy === "waiting") return waitingBar(context, view);
  if (!isOffered(view) || view.state.conversationId === undefined) return nothing;
  return html`<div class="people" part="people">
    ${problemText(context, view)}
    <button
      type="button"
      class="quiet"
      aria-disabled=${view.state.handling.asking ? "true" : nothing}
      @click=${() => view.actions.handOff({})}
    >
      ${icon(personPath)} ${strings.askForPerson}
    </button>
  </div>`;
}

/** Entry of the menu for the same, while there is something to change. */
export function menuItem({ strings }: PeopleContext, view: ViewModel): unknown {
  const { state, actions } = view;
  if (state.handling.handledBy === "waiting") {
    return html`<li>
      <button type="button" @click=${() => actions.handOff(null)}>${icon(backPath)} ${strings.askForAssistant}</button>
    </li>`;
  }
  if (!isOffered(view) || state.handling.handledBy !== "ai") return nothing;
  return html`<li>
    <button type="button" ?disabled=${state.conversationId === undefined} @click=${() => actions.handOff({})}>
      ${icon(personPath)} ${strings.askForPerson}
    </button>
  </li>`;
}

function isOffered({ state }: ViewModel): boolean {
  return state.assistant?.people === true;
}

function waitingBar(context: PeopleContext, view: ViewModel): TemplateResult {
  const { strings } = context;
  const { expected, email, asking } = view.state.handling;
  return html`<div class="people waiting" part="people">
    <p>${prospects(context, view)}${place(context, view)}</p>
    <p role="status">${email ? [strings.emailLeft(isolate(email)), " ", removeButton(context, view)] : nothing}</p>
    ${expected?.emailAsked && !email ? emailForm(context, view) : nothing} ${problemText(context, view)}
    <button
      type="button"
      class="plain"
      aria-disabled=${asking ? "true" : nothing}
      @click=${() => view.actions.handOff(null)}
    >
      ${strings.askForAssistant}
    </button>
  </div>`;
}

/** Says what the visitor may expect, in their own zone. */
function prospects({ strings }: PeopleContext, { state, formats }: ViewModel): string {
  const { state: when, at } = state.handling.expected ?? {};
  if (when === "now") return strings.waitingNow;
  if (at !== undefined) {
    const time = Date.parse(at);
    // It came and went while the page was open: nothing is promised any more.
    if (time <= Date.now()) return strings.waitingLater;
    return strings.waitingUntil(`${formats.day(time, Date.now())}, ${formats.time(time)}`);
  }
  return when === "today" ? strings.waitingToday : strings.waitingLater;
}

/** Says who is next, while somebody is there. */
function place({ strings }: PeopleContext, { state: { handling } }: ViewModel): string {
  const { expected, position } = handling;
  return expected?.state === "now" && position !== undefined ? ` ${strings.place(position)}` : "";
}

/** Lets a visitor for whom nobody is there leave an address. */
function emailForm({ strings }: PeopleContext, { actions }: ViewModel): TemplateResult {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const email = (new FormData(event.currentTarget as HTMLFormElement).get("email") as string).trim();
    if (email) actions.handOff({ email });
  };
  return html`<form @submit=${submit}>
    <label for="email">${strings.email}</label>
    <input id="email" type="email" name="email" autocomplete="email" required maxlength="254" dir="auto" />
    <button class="secondary">${strings.leaveEmail}</button>
  </form>`;
}

function removeButton({ strings }: PeopleContext, { actions }: ViewModel): TemplateResult {
  return html`<button type="button" class="plain" @click=${() => actions.handOff({ email: null })}>
    ${strings.removeEmail}
  </button>`;
}

function problemText({ strings }: PeopleContext, { state }: ViewModel): unknown {
  const { problem } = state.handling;
  if (problem === undefined) return nothing;
  const { [problem as keyof typeof strings.problems]: text = strings.failed } = strings.problems;
  return html`<p class="refusal" role="alert">${text}</p>`;
}

function icon(path: string): TemplateResult {
  return html`<svg viewBox="0 0 20 20" aria-hidden="true"><path d=${path} /></svg>`;
}
