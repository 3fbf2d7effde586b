import { html, nothing, type TemplateResult } from "lit/html.js";
import type { AssistantState } from "../../../shared/protocol/people/assistants.ts";
import { texts } from "../texts.ts";
import { conversationPane } from "./conversation-pane.ts";
import { detailsPane } from "./details-pane.ts";
import { clockTime } from "./formats.ts";
import { sign } from "./signs.ts";
import { problemText } from "./problem-text.ts";
import { queuePane } from "./queue-pane.ts";
import type { Screen } from "./screen.ts";

/** The console below the navigation. */
export function pageView(screen: Screen): TemplateResult {
  const { model, details } = screen;
  const { refusal, open } = model;
  if (model.me === undefined || refusal?.status === 401) {
    return html`<main class="begin">
      ${
        refusal === undefined
          ? html`<p role="status">${texts.connection.begin}</p>`
          : html`<p role="alert">${problemText(refusal)} ${refusal.passes ? texts.connection.again : nothing}</p>`
      }
      ${refusal?.status === 401 ? html`<p><a href="/console">${texts.problems.signInAgain}</a></p>` : nothing}
    </main>`;
  }
  const detailed = details && open?.deleted === false ? open.view : undefined;
  return html`<main class="panes" ?data-open=${open !== undefined}>
    <h1 class="visually-hidden">${texts.console}</h1>
    ${barView(screen)} ${queuePane(screen)}
    <div class="work" ?data-details=${detailed !== undefined}>
      ${conversationPane(open, screen)} ${detailed === undefined ? nothing : detailsPane(detailed, screen)}
    </div>
  </main>`;
}

/** Says who looks, whether they are there, and whether what they see is fresh. */
function barView({ model, deeds, alerts, now }: Screen): TemplateResult {
  const { presence, me } = model;
  return html`<div class="bar">
    <p class="connection" role="status">${model.isLost(now) ? texts.connection.lost : nothing}</p>
    ${model.paused.list.map(pausedView)}
    <span class="me" dir="auto">${me?.name}</span>
    ${
      model.mayChange
        ? html`<button
            type="button"
            class="presence"
            data-state=${presence.online ? "online" : "away"}
            title=${texts.presence.hint}
            @click=${() => presence.setAway(presence.online)}
          >
            ${presence.online ? texts.presence.online : presence.away ? texts.presence.away : texts.presence.idle}
            <span class="visually-hidden">${presence.online ? texts.presence.goAway : texts.presence.comeBack}</span>
          </button>`
        : nothing
    }
    <button
      type="button"
      class="tool"
      aria-label=${texts.alerts.name}
      aria-pressed=${alerts}
      title=${alerts && isBlocked() ? texts.alerts.blocked : texts.alerts.name}
      @click=${deeds.turnAlerts}
    >
      ${sign(alerts ? "bell" : "silent")}
    </button>
    <button type="button" class="tool" aria-label=${texts.keys.title} @click=${() => deeds.ask("keys")}>
      ${sign("keys")}
    </button>
  </div>`;
}

function pausedView({ name, paused }: AssistantState): TemplateResult {
  const since = paused && texts.paused(name, clockTime(paused.at), paused.operator);
  return html`<p class="paused" dir="auto">${since} <a href="/console?part=settings">${texts.settings}</a></p>`;
}

/** True where the browser was told to give no notifications, or has none. */
function isBlocked(): boolean {
  return !("Notification" in globalThis) || Notification.permission === "denied";
}
