import { html, nothing, type TemplateResult } from "lit/html.js";
import type { Rating } from "../../../shared/protocol/conversation.ts";
import type { ChatState, ReplyMessage, VisitorMessage } from "../chat/chat-state.ts";
import { assistantName, face } from "./face.ts";
import { icon, type IconName } from "./icons.ts";
import type { ViewModel } from "./view-model.ts";
import { deliveryText, failureText, queueText } from "./status-texts.ts";

/** @param last of several by the same sender: only the last shows the time */
export function visitorMessage(message: VisitorMessage, last: boolean, view: ViewModel): TemplateResult {
  const { strings, formats, actions } = view;
  const { key, text, timestamp, delivery } = message;
  const state = deliveryText(message, strings);
  const refused = delivery === "refused";
  return html`<article
    class="message mine"
    part="message visitor-message"
    data-delivery=${delivery}
    aria-label="${strings.you}, ${formats.time(timestamp)}"
  >
    <p class="text" part="bubble" dir="auto">${text}</p>
    ${
      refused || state !== undefined || last
        ? html`<p class="note" data-danger=${refused ? "" : nothing}>
            ${state === undefined ? time(timestamp, view) : html`<span>${refused ? failureText(message, strings) : state}</span>`}
            ${
              refused
                ? html`<button type="button" class="plain" @click=${() => actions.tryAgain(key)}>
                    ${strings.tryAgain}
                  </button>`
                : nothing
            }
          </p>`
        : nothing
    }
  </article>`;
}

/** @param first of several in a row: only the first has a face */
export function replyMessage(reply: ReplyMessage, first: boolean, view: ViewModel): TemplateResult {
  const { strings, formats, ui } = view;
  const { key, phase, text, timestamp } = reply;
  const place = queueText(reply, view.state, strings);
  const pending = phase === "queued" || (phase === "writing" && text === "");
  return html`<article
    class="message reply"
    part="message reply"
    data-phase=${phase}
    aria-busy=${phase === "queued" || phase === "writing" ? "true" : "false"}
    aria-label="${assistantName(view)}, ${formats.time(timestamp)}"
  >
    ${first ? face(view) : nothing}
    ${
      pending
        ? html`<p class="pending">
            <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
            <span class=${place === undefined ? "visually-hidden" : ""}>${place ?? strings.writing}</span>
          </p>`
        : nothing
    }
    <div class="text" part="text">${text === "" ? nothing : view.renderText(reply)}</div>
    ${view.sources?.list(reply)}
    ${(phase === "stopped" && !reply.takenOver) || phase === "failed" ? interruption(reply, view) : nothing}
    ${(phase === "complete" || phase === "stopped") && text !== "" ? footer(reply, view) : nothing}
    ${ui.commenting === key && reply.rating !== undefined ? view.late?.comment(reply, view) : nothing}
  </article>`;
}

/** Says that a reply failed or was stopped. A stopped one may be tried again until something follows it. */
function interruption(reply: ReplyMessage, { state, strings, actions }: ViewModel): TemplateResult {
  const { key, phase } = reply;
  const failed = phase === "failed";
  const button = html`<button type="button" class="plain" @click=${() => actions.tryAgain(key)}>
    ${strings.tryAgain}
  </button>`;
  return html`<p class="note" data-danger=${failed ? "" : nothing}>
    <span>${failed ? failureText(reply, strings) : strings.stopped}</span>
    ${state.handling.handledBy === "ai" && (failed || state.messages.at(-1) === reply) && !tellsOfAction(reply, state) ? button : nothing}
  </p>`;
}

/** True for the reply to an answer of a card. An action is no question: it cannot be asked again. */
function tellsOfAction(reply: ReplyMessage, { actions, messages }: ChatState): boolean {
  const asked = messages[messages.indexOf(reply) - 1]?.id;
  return asked !== undefined && actions.some(({ answerMessageId }) => answerMessageId === asked);
}

function footer(reply: ReplyMessage, view: ViewModel): TemplateResult {
  const { state, strings, ui, actions } = view;
  const { key, text, timestamp, phase } = reply;
  const mayRepeat =
    state.handling.handledBy === "ai" && state.messages.at(-1) === reply && !tellsOfAction(reply, state);
  const copied = ui.copied === key;
  return html`<div class="footer">
    ${time(timestamp, view)}
    ${tool(copied ? strings.copied : strings.copy, copied ? "check" : "copy", (event) => actions.copyReply(key, text, shownHtml(event)))}
    ${
      phase === "complete"
        ? [
            mayRepeat ? tool(strings.regenerate, "again", () => actions.tryAgain(key)) : nothing,
            thumb("up", reply, view),
            thumb("down", reply, view),
          ]
        : nothing
    }
    ${ui.thanked === key ? html`<span class="thanks">${strings.thanks}</span>` : nothing}
  </div>`;
}

function tool(label: string, name: IconName, act: (event: Event) => void): TemplateResult {
  return html`<button type="button" class="tool" aria-label=${label} title=${label} @click=${act}>
    ${icon(name)}
  </button>`;
}

/** HTML of a message as the page shows it, for a copy that keeps its format. */
function shownHtml({ currentTarget }: Event): string | undefined {
  const shown = (currentTarget as Element).closest(".message")?.querySelector(".text")?.cloneNode(true);
  if (!(shown instanceof Element)) return undefined;
  for (const ours of shown.querySelectorAll("figcaption, .cited")) ours.remove();
  return shown.innerHTML.replace(/<!--.*?-->/g, "");
}

function thumb(rating: Rating, { key, rating: given }: ReplyMessage, { strings, actions }: ViewModel): TemplateResult {
  const pressed = given === rating;
  const label = rating === "up" ? strings.helpful : strings.notHelpful;
  return html`<button
    type="button"
    class="tool"
    aria-label=${label}
    title=${label}
    aria-pressed=${pressed ? "true" : "false"}
    @click=${() => actions.rate(key, pressed ? undefined : rating)}
  >
    ${icon("up", rating === "down")}
  </button>`;
}

function time(timestamp: number, { formats }: ViewModel): TemplateResult {
  return html`<time datetime=${new Date(timestamp).toISOString()}>${formats.time(timestamp)}</time>`;
}
