import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Composer } from "./composer.ts";
import { icon } from "./icons.ts";
import { logView, newestButton } from "./log-view.ts";
import { privacyLink } from "./welcome/greeting.ts";
import type { ViewModel } from "./view-model.ts";
import { noticeText } from "./status-texts.ts";

/** True for a page that cannot reach a server. */
export const isFromFile: boolean = location.protocol === "file:";

/** Renders the content of the panel. */
export function panelView(view: ViewModel, composer: Composer): TemplateResult {
  const { strings, ui } = view;
  const asked = ui.confirming === undefined ? undefined : view.late?.confirmation(view);
  return html`<div class="inside" ?inert=${asked !== undefined}>
      ${header(view)}
      <div class="middle">
        <div class="log" part="log" role="log" aria-live="off" aria-label=${strings.conversation} tabindex="0">
          <div class="messages">${logView(view)}</div>
        </div>
        ${newestButton(view)}
      </div>
      ${isFromFile ? view.late?.fromFile : notice(view)} ${ui.again === undefined ? nothing : notLoaded(ui.again, view)}
      ${view.people?.bar(view)} ${view.state.consentAsked ? view.late?.consent(privacyLink(view), view) : nothing}
      ${composer.render(view)}
    </div>
    ${asked ?? nothing}`;
}

function title({ settings, state, strings }: ViewModel): string {
  return settings.title ?? state.assistant?.title ?? state.assistant?.name ?? strings.chat;
}

function header(view: ViewModel): TemplateResult {
  const { strings, settings, ui, actions } = view;
  return html`<header part="header">
    <span class="mark" aria-hidden="true">${icon("chat")}</span>
    <h2 id="title" part="title" dir="auto">${title(view)}</h2>
    <button
      type="button"
      class="tool large more"
      aria-label=${strings.menu}
      title=${strings.menu}
      aria-expanded=${ui.menuOpen ? "true" : "false"}
      aria-controls="menu"
      @click=${() => actions.toggleMenu(!ui.menuOpen)}
    >
      ${icon("more")}
    </button>
    ${ui.menuOpen ? view.late?.menu(view) : nothing}
    ${
      settings.position === "inline"
        ? nothing
        : html`<button
            type="button"
            class="tool large"
            part="close"
            aria-label=${strings.close}
            title=${strings.close}
            @click=${actions.close}
          >
            ${icon("close")}
          </button>`
    }
  </header>`;
}

function notice({ state, strings, formats }: ViewModel): TemplateResult | typeof nothing {
  const text = noticeText(state.notice, strings);
  if (text === undefined || state.notice === undefined) return nothing;
  const left = "resumesAt" in state.notice ? state.notice.resumesAt - Date.now() : 0;
  return html`<p class="notice" part="notice" data-kind=${state.notice.kind}>
    ${text} ${left > 0 ? html`<span class="left">${strings.retryIn(formats.duration(left))}</span>` : nothing}
  </p>`;
}

function notLoaded(again: () => void, { strings }: ViewModel): TemplateResult {
  return html`<p class="notice" part="notice" data-danger>
    ${strings.notLoaded} <button type="button" class="plain" @click=${again}>${strings.tryAgain}</button>
  </p>`;
}
