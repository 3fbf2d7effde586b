import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Composer } from "./composer.ts";
import { icon } from "./icons.ts";
import { logView, newestButton } from "./log-view.ts";
import type { View } from "./view-model.ts";
import { noticeWords } from "./status-texts.ts";

/** Renders the content of the panel. */
export function panelView(view: View, composer: Composer): TemplateResult {
  const { words, ui } = view;
  const asked = ui.question !== undefined;
  const fromFile = location.protocol === "file:";
  return html`<div class="inside" ?inert=${asked}>
      ${header(view)}
      <div class="middle">
        <div class="log" part="log" role="log" aria-live="off" aria-label=${words.conversation} tabindex="0">
          <div class="messages">${logView(view)}</div>
        </div>
        ${newestButton(view)}
      </div>
      ${fromFile ? html`<p class="notice" data-grave part="notice">${words.fromFile}</p>` : notice(view)}
      ${composer.render(view)}
    </div>
    ${asked ? question(view) : nothing}`;
}

function title({ settings, state, words }: View): string {
  return settings.title ?? state.assistant?.name ?? words.chat;
}

function header(view: View): TemplateResult {
  const { words, settings, ui, actions } = view;
  return html`<header part="header">
    <span class="mark" aria-hidden="true">${icon("chat")}</span>
    <h2 id="title" part="title" dir="auto">${title(view)}</h2>
    <button
      type="button"
      class="tool large more"
      aria-label=${words.more}
      title=${words.more}
      aria-expanded=${ui.menuOpen ? "true" : "false"}
      aria-controls="menu"
      @click=${() => actions.toggleMenu(!ui.menuOpen)}
    >
      ${icon("more")}
    </button>
    ${
      settings.position === "inline"
        ? nothing
        : html`<button
            type="button"
            class="tool large"
            part="close"
            aria-label=${words.close}
            title=${words.close}
            @click=${actions.close}
          >
            ${icon("close")}
          </button>`
    }
    ${menu(view)}
  </header>`;
}

function menu({ words, ui, state, actions }: View): TemplateResult {
  const none = state.messages.length === 0;
  return html`<ul class="menu" id="menu" part="menu" ?hidden=${!ui.menuOpen}>
    <li>
      <button type="button" ?disabled=${none} @click=${() => actions.ask("new")}>
        ${icon("new")} ${words.startAnew}
      </button>
    </li>
    <li>
      <button type="button" class="grave" ?disabled=${none} @click=${() => actions.ask("delete")}>
        ${icon("bin")} ${words.deleteData}
      </button>
    </li>
  </ul>`;
}

function notice({ state, words, formats }: View): TemplateResult | typeof nothing {
  const text = noticeWords(state.notice, words);
  if (text === undefined || state.notice === undefined) return nothing;
  const left = "resumesAt" in state.notice ? state.notice.resumesAt - Date.now() : 0;
  return html`<p class="notice" part="notice" data-kind=${state.notice.kind}>
    ${text} ${left > 0 ? html`<span class="left">${words.goesOn(formats.duration(left))}</span>` : nothing}
  </p>`;
}

function question({ words, ui, actions }: View): TemplateResult {
  const { title: heading, text, yes } = ui.question === "delete" ? words.askDelete : words.askStartAnew;
  const act = ui.question === "delete" ? actions.deleteData : actions.startAnew;
  return html`<div class="veil">
    <div
      class="question"
      role="alertdialog"
      aria-modal="true"
      aria-labelledby="question"
      aria-describedby="consequence"
    >
      <p id="question">${heading}</p>
      <p id="consequence">${text}</p>
      <p class="choices">
        <button type="button" class="secondary" @click=${() => actions.ask(undefined)}>${words.cancel}</button>
        <button type="button" class=${ui.question === "delete" ? "primary grave" : "primary"} @click=${act}>
          ${yes}
        </button>
      </p>
    </div>
  </div>`;
}
