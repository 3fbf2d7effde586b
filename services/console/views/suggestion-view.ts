import { html, nothing, type TemplateResult } from "lit/html.js";
import type { OperatorConversation } from "../../../shared/protocol/operator.ts";
import { texts } from "../texts.ts";
import { problemText } from "./problem-text.ts";
import { citedSources } from "./reply-sources.ts";
import type { Screen } from "./screen.ts";

const { suggestion: words } = texts;

/** The button that asks for a suggestion: for the person who answers. */
export function suggestButton(
  { id, handledBy, operator }: OperatorConversation,
  { model, deeds }: Screen,
): TemplateResult | typeof nothing {
  if (handledBy !== "operator" || operator?.id !== model.me?.id) return nothing;
  const isWriting = model.suggestions.of(id)?.state === "writing";
  return html`<button type="button" title=${words.hint} ?disabled=${isWriting} @click=${deeds.suggest}>
    ${words.ask}
  </button>`;
}

/** Says what became of a suggestion, with its sources: they are the operator's to check. */
export function suggestionView({ id }: OperatorConversation, { model }: Screen): TemplateResult | typeof nothing {
  const suggested = model.suggestions.of(id);
  if (suggested === undefined) return nothing;
  const { state, text, sources, problem } = suggested;
  if (problem !== undefined) return html`<p class="problem" role="alert">${problemText(problem)}</p>`;
  return html`<div class="suggestion">
    <p role="status">${words[state === "failed" ? "writing" : state]}</p>
    ${
      state === "offered"
        ? html`<blockquote dir="auto">${text}</blockquote>
            <button type="button" class="plain" @click=${() => model.suggestions.take(id)}>${words.use}</button>`
        : nothing
    }
    ${citedSources(sources)}
  </div>`;
}
