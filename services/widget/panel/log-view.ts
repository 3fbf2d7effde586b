import { html, nothing, type TemplateResult } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import type { ChatMessage } from "../chat/chat-state.ts";
import { startOfDay } from "./formats.ts";
import { icon } from "./icons.ts";
import { replyMessage, visitorMessage } from "./message-view.ts";
import { aiNotice, greeting } from "./welcome/greeting.ts";
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
      messageView(message, [messages[index - 1], messages[index + 1]], view),
      view.people?.lines(message.key, view),
      view.cards?.after(message.key, view),
    ],
  )}
  ${view.people?.typing(view)}`;
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

function messageView(
  message: ChatMessage,
  [previous, next]: readonly [ChatMessage | undefined, ChatMessage | undefined],
  view: ViewModel,
): TemplateResult {
  if (message.sender === "operator") {
    const { text, operator } = message;
    const first = previous?.sender !== "operator" || previous.operator?.name !== operator?.name;
    return view.people?.message(message, first, view) ?? html`<p class="message">${operator?.name}: ${text}</p>`;
  }
  if (message.sender === "ai") return replyMessage(message, previous?.sender !== "ai", view);
  const last = next?.sender !== "user" || next.timestamp - message.timestamp > groupMs;
  return visitorMessage(message, last, view);
}

function daySeparator(previous: ChatMessage | undefined, { timestamp }: ChatMessage, view: ViewModel): unknown {
  if (previous !== undefined && startOfDay(previous.timestamp) === startOfDay(timestamp)) return nothing;
  return html`<p class="day"><span>${view.formats.day(timestamp, Date.now())}</span></p>`;
}
