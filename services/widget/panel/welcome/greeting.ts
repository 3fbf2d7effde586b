import { html, nothing, type TemplateResult } from "lit/html.js";
import { assistantName, face, isOfTheWeb } from "../face.ts";
import type { ViewModel } from "../view-model.ts";

/**
 * Says that an AI writes (EU AI Act, article 50), and links to what is stored. The owner may replace or remove either
 * (`none` or `false`); an address that is none of the web is not linked.
 */
export function aiNotice(view: ViewModel): unknown {
  const { state, settings, strings } = view;
  const words = settings.aiNotice ?? state.assistant?.aiNotice ?? strings.aiNotice;
  const hasWords = words !== false && words !== "none";
  const link = privacyLink(view);
  if (!hasWords && link === nothing) return nothing;
  return html`<p class="note" part="ai-notice">
    ${hasWords ? html`<span dir="auto">${words}</span>` : nothing} ${link}
  </p>`;
}

export function privacyLink({ state, settings, strings }: ViewModel): unknown {
  const ownPage = `${settings.server}/privacy?lang=${settings.locale.language}`;
  const address = settings.privacy ?? state.assistant?.privacyUrl ?? ownPage;
  if (address === false || address === "none" || !isOfTheWeb(address)) return nothing;
  return html`<a href=${address} target="_blank" rel="noopener noreferrer">${strings.privacy}</a>`;
}

/** Greeting before the first message; stays above the log. */
export function greeting(view: ViewModel): unknown {
  const { state, settings, strings, actions } = view;
  const { assistant, assistantPending, messages, ready } = state;
  // Parts shown now would move once the assistant is known.
  if (assistantPending || !ready) return nothing;
  const isEmpty = messages.length === 0;
  const suggestions = isEmpty ? (assistant?.suggestions ?? []) : [];
  return html`<section class="greeting" part="greeting">
    ${isEmpty ? [whoAnswers(view), view.earlier?.(view)] : nothing}
    <div>
      <p class="hello" dir="auto">${settings.greeting ?? assistant?.greeting ?? strings.greeting}</p>
      ${aiNotice(view)}
    </div>
    ${
      suggestions.length === 0
        ? nothing
        : html`<ul class="suggestions" aria-label=${strings.suggestions}>
            ${suggestions.map(
              (text) =>
                html`<li>
                  <button
                    type="button"
                    class="suggestion"
                    part="suggestion"
                    dir="auto"
                    @click=${() => actions.send(text)}
                  >
                    ${text}
                  </button>
                </li>`,
            )}
          </ul>`
    }
  </section>`;
}

/** Whom the visitor is about to write to, and how fast they usually answer. */
function whoAnswers(view: ViewModel): TemplateResult {
  const { strings, formats } = view;
  const { description, typicalReplySeconds: seconds } = view.state.assistant ?? {};
  return html`<div class="who" part="who">
    ${face(view)}
    <div>
      <p class="name" dir="auto">${assistantName(view)}</p>
      ${description ? html`<p dir="auto">${description}</p>` : nothing}
      ${seconds === undefined ? nothing : html`<p>${strings.typicalReply(formats.duration(seconds * 1000))}</p>`}
    </div>
  </div>`;
}
