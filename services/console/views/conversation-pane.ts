import { html, nothing, type TemplateResult } from "lit/html.js";
import type { OperatorConversation } from "../../../shared/protocol/operator.ts";
import type { ShownConversation } from "../model/shown-conversation.ts";
import { texts } from "../texts.ts";
import { boxView, isOthers } from "./box-view.ts";
import { formatSpan, visitorName } from "./formats.ts";
import { sign } from "./signs.ts";
import { talkView } from "./talk-view.ts";
import { problemText } from "./problem-text.ts";
import type { Screen } from "./screen.ts";

/** The open conversation: who answers it, what can be done, all that was said, and the box. */
export function conversationPane(open: ShownConversation | undefined, screen: Screen): TemplateResult {
  if (open === undefined) {
    return html`<section class="conversation nothing">
      <p>${texts.nothingOpen}</p>
      <p class="hint">${texts.nothingOpenHint}</p>
    </section>`;
  }
  const { view, deleted } = open;
  return html`<section class="conversation" aria-label=${view === undefined ? texts.reading : visitorName(view)}>
    ${headView(open, screen)}
    <div class="middle">
      <div class="log" tabindex="0" role="region" aria-label=${texts.log}>
        ${view === undefined || deleted ? standIn(open) : talkView(open, view, screen)}
      </div>
      <button type="button" class="newest" hidden aria-label=${texts.newest}>${sign("down")}</button>
    </div>
    ${troubles(open)} ${view === undefined || deleted ? nothing : boxView(view, screen)}
  </section>`;
}

function headView(open: ShownConversation, screen: Screen): TemplateResult {
  const { view, deleted } = open;
  return html`<header class="head">
    <button type="button" class="tool back" aria-label=${texts.back} @click=${() => screen.deeds.open(undefined)}>
      ${sign("back")}
    </button>
    <div class="title">
      <h2 dir="auto">${view === undefined ? texts.reading : visitorName(view)}</h2>
      ${view === undefined || deleted ? nothing : html`<p role="status">${stateOf(open, view, screen)}</p>`}
      ${
        open.others.length === 0
          ? nothing
          : html`<div class="others" role="status" dir="auto">${texts.looks(open.others.map(({ name }) => name))}</div>`
      }
    </div>
    ${view === undefined || deleted || !screen.model.mayChange ? nothing : actions(open, view, screen)}
    <button
      type="button"
      class="tool"
      aria-label=${texts.details}
      aria-pressed=${screen.details}
      @click=${screen.deeds.toggleDetails}
    >
      ${sign("details")}
    </button>
  </header>`;
}

function stateOf(open: ShownConversation, view: OperatorConversation, { model, now }: Screen): string {
  const { state } = texts;
  if (view.closedAt !== undefined) return state.closed;
  if (view.handledBy === "waiting") {
    return state.waiting(formatSpan(now - Date.parse(view.waitingSince ?? view.updatedAt)));
  }
  if (view.handledBy === "ai") return open.live?.writing === true ? state.writing : state.ai;
  return isOthers(view, model) ? state.other(view.operator?.name ?? "") : state.you;
}

/** Buttons for what is possible now; the service decides again. */
function actions(open: ShownConversation, view: OperatorConversation, { model, deeds }: Screen): TemplateResult {
  const { actions: words } = texts;
  const others = isOthers(view, model);
  const own = view.handledBy === "operator" && !others;
  const isAdmin = model.me?.role === "admin";
  const button = (label: string, act: () => void, main = false) =>
    html`<button type="button" class=${main ? "primary" : "secondary"} ?disabled=${open.acting} @click=${act}>
      ${label}
    </button>`;
  return html`<div class="actions">
    ${view.handledBy === "operator" ? nothing : button(words.take, deeds.take, view.handledBy === "waiting")}
    ${others && isAdmin ? button(words.takeFrom(view.operator?.name ?? ""), deeds.take) : nothing}
    ${own || view.handledBy === "waiting" ? button(words.toAssistant, () => deeds.release("ai")) : nothing}
    ${own ? button(words.toQueue, () => deeds.release("queue")) : nothing}
    ${!others || isAdmin ? button(words.assign, () => deeds.ask("assign")) : nothing}
    ${own || view.handledBy === "waiting" ? button(words.close, () => deeds.ask("close")) : nothing}
  </div>`;
}

function standIn({ deleted, problem }: ShownConversation): TemplateResult {
  const text = deleted ? texts.deleted : problem === undefined ? texts.reading : problemText(problem);
  return html`<p class="empty" role="status">${text}</p>`;
}

function troubles({ failed, problem, view }: ShownConversation): TemplateResult | typeof nothing {
  const shown = failed ?? (view === undefined ? undefined : problem);
  return shown === undefined ? nothing : html`<p class="problem" role="alert">${problemText(shown)}</p>`;
}
