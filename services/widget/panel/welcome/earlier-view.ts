import { html, type TemplateResult } from "lit/html.js";
import type { EarlierConversation } from "../../chat/chat-state.ts";
import type { ViewModel } from "../view-model.ts";
import styles from "./earlier.css";

export const earlierStyles = styles;

/** Conversations that the visitor may go on with. */
export function earlierView(
  conversations: readonly EarlierConversation[],
  { strings, formats, actions }: ViewModel,
): TemplateResult {
  return html`<section class="earlier-list" part="earlier" aria-labelledby="earlier">
    <h3 id="earlier">${strings.earlierConversations}</h3>
    <ul>
      ${conversations.map(
        ({ id, preview, updatedAt }) =>
          html`<li>
            <button type="button" @click=${() => actions.continueConversation(id)}>
              <span class="preview" dir="auto">${plain(preview)}</span>
              <span class="when">${formats.day(updatedAt, Date.now())}</span>
            </button>
          </li>`,
      )}
    </ul>
  </section>`;
}

/** A line of text without the commonest marks of markdown. */
function plain(text: string): string {
  return text.replaceAll(/^\s*(?:#+|>|[-*]) |\*\*|`/gm, "");
}
