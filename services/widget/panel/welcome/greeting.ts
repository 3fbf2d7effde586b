import { html, nothing, type TemplateResult } from "lit/html.js";
import { assistantName, face, isOfTheWeb } from "../face.ts";
import type { ViewModel } from "../view-model.ts";

/**
 * Says that an AI writes (EU AI Act, article 50), and links to what is stored. The owner may replace or remove either
 * (`none` or `false`); an address that is none of the web is not linked.
 */
export function aiNotice({ state: { assistant }, settings, strings }: ViewModel): unknown {
  const words = settings.aiNotice ?? assistant?.aiNotice ?? strings.aiNotice;
  const ownPage = `${settings.server}/privacy?lang=${settings.locale.language}`;
  const address = settings.privacy ?? assistant?.privacyUrl ?? ownPage;
  const hasWords = words !== false && words !== "none";
  const hasLink = address !== false && address !== "none" && isOfTheWeb(address);
  if (!hasWords && !hasLink) return nothing;
  return html`<p class="note" part="ai-notice">
    ${hasWords ? html`<span dir="auto">${words}</span>` : nothing}
    ${hasLink ? html`<a href=${address} target="_blank" rel="noopener noreferrer">${strings.privacy}</a>` : nothing}
  </p>`;
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
