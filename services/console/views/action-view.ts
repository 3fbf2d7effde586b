import { html, nothing, type TemplateResult } from "lit/html.js";
import type { ActionCard } from "../../../shared/protocol/actions/action-card.ts";
import { texts } from "../texts.ts";
import { clockTime } from "./formats.ts";

/** Action that the assistant has proposed, with what became of it. Operators cannot answer it: only its visitor can. */
export function actionView({ id, tool, title, lines, state, expiresAt, result }: ActionCard): TemplateResult {
  const { states } = texts.action;
  const isWaiting = state === "waiting";
  return html`<article class="action" data-state=${state} aria-labelledby="action-${id}">
    <header>
      <span>${texts.action.of(tool)}</span>
      ${isWaiting ? html`<time datetime=${expiresAt}>${texts.action.until(clockTime(expiresAt))}</time>` : nothing}
    </header>
    <p class="title" id="action-${id}" dir="auto">${title}</p>
    ${
      lines.length === 0
        ? nothing
        : html`<dl>
            ${lines.map(
              ({ label, value }) =>
                html`<dt dir="auto">${label}</dt>
                  <dd dir="auto">${value}</dd>`,
            )}
          </dl>`
    }
    <p class="state">${states[state]}</p>
    ${result === undefined ? nothing : html`<p class="result" dir="auto">${result}</p>`}
  </article>`;
}
