import { html, nothing, type TemplateResult } from "lit/html.js";
import type { ActionCard } from "../../../../shared/protocol/actions/action-card.ts";
import type { AnswerNews } from "../../chat/chat-state.ts";
import type { CardStrings } from "../../i18n/cards/card-strings.ts";
import type { ViewModel } from "../view-model.ts";

/** An action with what the page knows of the answer to it. */
export interface ShownAction extends ActionCard, AnswerNews {}

/** Card of an action: what would be done with which values, and the visitor's answer. Its words are plain text. */
export function cardView(strings: CardStrings, action: ShownAction, view: ViewModel): TemplateResult {
  const { id, title, lines, state, result } = action;
  const [isOpen, text] = [state === "waiting" && action.problem !== changed, stateText(strings, action)];
  return html`<div class="card" part="action" data-state=${state} role="group" aria-labelledby="card-${id}">
    <h3 id="card-${id}"><bdi>${title}</bdi></h3>
    <dl>
      ${lines.map(
        ({ label, value }) =>
          html`<div>
            <dt><bdi>${label}</bdi></dt>
            <dd><bdi>${value}</bdi></dd>
          </div>`,
      )}
    </dl>
    ${isOpen ? answer(strings, action, view) : nothing}
    ${text === undefined ? nothing : html`<p class="outcome">${text}</p>`}
    ${result === undefined ? nothing : html`<p class="result"><bdi>${result}</bdi></p>`}
  </div>`;
}

/** Code of the refusal after which an action can be confirmed no more. */
const changed = "tool-changed";

/** Says how it stands with an action; `undefined` while it waits for the visitor. */
export function stateText(strings: CardStrings, { state, sending, problem }: ShownAction): string | undefined {
  const { states, problems } = strings;
  if (state !== "waiting") {
    const { [state]: text = states.unknown } = states;
    return text;
  }
  if (sending !== undefined) return strings.sending;
  if (problem === undefined) return undefined;
  const { [problem as keyof typeof problems]: text = strings.failed } = problems;
  return text;
}

function answer(
  strings: CardStrings,
  { id, confirmLabel = strings.yes, refuseLabel = strings.no, expiresAt, sending }: ShownAction,
  { actions, formats }: ViewModel,
): TemplateResult {
  const end = Date.parse(expiresAt);
  const button = (label: string, confirm: boolean) =>
    html`<button
      type="button"
      class=${confirm ? "yes" : "no"}
      dir="auto"
      aria-describedby="card-${id}"
      aria-disabled=${sending === undefined ? nothing : "true"}
      data-pressed=${sending === confirm ? "" : nothing}
      @click=${() => actions.answerAction(id, confirm)}
    >
      ${label}
    </button>`;
  return html`<p class="until">${strings.until(`${formats.day(end, Date.now())}, ${formats.time(end)}`)}</p>
    <p class="buttons">${button(confirmLabel, true)} ${button(refuseLabel, false)}</p>`;
}

/** Keeps the direction of a text from that of the words around it. */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}
