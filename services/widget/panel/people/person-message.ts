import { html, nothing, type TemplateResult } from "lit/html.js";
import type { OperatorView } from "../../../../shared/protocol/handling.ts";
import type { PersonMessage } from "../../chat/chat-state.ts";
import type { PeopleStrings } from "../../i18n/people/people-strings.ts";
import type { ViewModel } from "../view-model.ts";

export interface PeopleContext {
  readonly strings: PeopleStrings;
  readonly face: (view: ViewModel, who: OperatorView) => TemplateResult;
}

/** @param first of several by the same person: only the first has a face and a name */
export function personMessage(
  { strings, face }: PeopleContext,
  { text, timestamp, operator = { name: strings.team } }: PersonMessage,
  first: boolean,
  view: ViewModel,
): TemplateResult {
  const time = view.formats.time(timestamp);
  return html`<article
    class="message reply person"
    part="message operator-message"
    aria-label="${operator.name}, ${time}"
  >
    ${first ? [face(view, operator), html`<p class="name" dir="auto">${operator.name}</p>`] : nothing}
    <p class="text" part="text" dir="auto">${withLinks(text)}</p>
    <p class="note"><time datetime=${new Date(timestamp).toISOString()}>${time}</time></p>
  </article>`;
}

/** @param words that say who is typing */
export function personTyping(words: string): TemplateResult {
  return html`<div class="reply person typing">
    <p class="pending">
      <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
      <span>${words}</span>
    </p>
  </div>`;
}

/** An address up to the punctuation that ends its sentence. People write plain text, no markdown. */
const address = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'»”’。、，！？）])/;

function withLinks(text: string): unknown[] {
  return text
    .split(address)
    .map((part, at) =>
      at % 2 === 0 ? part : html`<a part="link" href=${part} target="_blank" rel="noopener noreferrer">${part}</a>`,
    );
}

/** Keeps the direction of a name or an address from that of the text around it. */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`;
}
