import { html, nothing, type TemplateResult } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import type { ChatMessage } from "../chat/chat-state.ts";
import { startOfDay } from "./formats.ts";
import { icon } from "./icons.ts";
import { replyMessage, visitorMessage } from "./message-view.ts";
import type { ViewModel } from "./view-model.ts";

/** Messages of one sender within this time share one timestamp. */
const groupMs = 300_000;

export function logView(view: ViewModel): TemplateResult {
  const { state, strings, actions } = view;
  const { messages, hasOlder } = state;
  return html`${
    hasOlder
      ? html`${aiNotice(view)}
          <button type="button" class="quiet earlier" @click=${actions.loadOlder}>${strings.olderMessages}</button>`
      : greeting(view)
  }
  ${repeat(
    messages,
    ({ key }) => key,
    (message, index) => [
      daySeparator(messages[index - 1], message, view),
      messageView(message, messages[index + 1], view),
    ],
  )}`;
}

export function newestButton({ ui, strings, actions }: ViewModel): TemplateResult {
  return html`<button
    type="button"
    class="newest"
    part="newest"
    ?hidden=${ui.atEnd}
    aria-label=${strings.newestMessages}
    title=${strings.newestMessages}
    @click=${actions.scrollToNewest}
  >
    ${icon("down")}
  </button>`;
}

function messageView(message: ChatMessage, next: ChatMessage | undefined, view: ViewModel): TemplateResult {
  if (message.sender === "ai") return replyMessage(message, view);
  const last = next?.sender !== "user" || next.timestamp - message.timestamp > groupMs;
  return visitorMessage(message, last, view);
}

function daySeparator(previous: ChatMessage | undefined, { timestamp }: ChatMessage, view: ViewModel): unknown {
  if (previous !== undefined && startOfDay(previous.timestamp) === startOfDay(timestamp)) return nothing;
  return html`<p class="day"><span>${view.formats.day(timestamp, Date.now())}</span></p>`;
}

/**
 * Says that an AI writes (EU AI Act, article 50), and links to what is stored. The owner may replace or remove either
 * (`none` or `false`); an address that is none of the web is not linked.
 */
function aiNotice({ state: { assistant }, settings, strings }: ViewModel): unknown {
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

function isOfTheWeb(address: string): boolean {
  const base = document.baseURI;
  return URL.canParse(address, base) && new URL(address, base).protocol.startsWith("http");
}

/** Greeting before the first message; stays above the log. */
function greeting(view: ViewModel): unknown {
  const { state, settings, strings, actions } = view;
  const { assistant, messages, ready } = state;
  if (assistant === undefined && settings.greeting === undefined && !ready) return nothing;
  const suggestions = messages.length === 0 ? (assistant?.suggestions ?? []) : [];
  return html`<section class="greeting" part="greeting">
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
