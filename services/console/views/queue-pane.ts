import { repeat } from "lit/directives/repeat.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { InboxEntry } from "../../../shared/protocol/operator.ts";
import { inboxViews } from "../model/queue.ts";
import { texts } from "../texts.ts";
import { findForm } from "./find-form.ts";
import { formatSpan, clockTime, visitorName } from "./formats.ts";
import { problemText } from "./problem-text.ts";
import type { Screen } from "./screen.ts";

/** The list of conversations: who waits how long, and who has them. */
export function queuePane(screen: Screen): TemplateResult {
  const { model, deeds } = screen;
  const { queue, found } = model;
  const shown = found.asked === undefined ? queue : found;
  return html`<section class="queue" aria-label=${texts.queue}>
    <div class="views" role="group" aria-label=${texts.queue}>
      ${inboxViews.map(
        (view) =>
          html`<button
            type="button"
            aria-pressed=${shown === queue && view === queue.view}
            @click=${() => deeds.show(view)}
          >
            ${texts.views[view]} ${countView(queue.count(view))} ${view === "mine" ? newView(queue.unread) : nothing}
          </button>`,
      )}
    </div>
    ${findForm(screen)} ${shown.problem && html`<p class="problem" role="status">${problemText(shown.problem)}</p>`}
    <div class="entries" tabindex="-1">
      ${
        shown.entries === undefined
          ? html`<p class="empty">${shown.problem === undefined && shown === queue ? texts.reading : nothing}</p>`
          : list(shown.entries, screen)
      }
      ${
        shown.hasMore
          ? html`<button type="button" class="quiet" @click=${() => void shown.readMore()}>${texts.more}</button>`
          : nothing
      }
    </div>
  </section>`;
}

function countView(count: string): TemplateResult | typeof nothing {
  return count === "" ? nothing : html`<span class="count">${count}</span>`;
}

function newView(count: string): TemplateResult | typeof nothing {
  return count === ""
    ? nothing
    : html`<span class="count new">${count}<span class="visually-hidden"> ${texts.new}</span></span>`;
}

function list(entries: readonly InboxEntry[], screen: Screen): TemplateResult {
  const { found, queue } = screen.model;
  // The form says that nothing was found.
  if (entries.length === 0) return html`<p class="empty">${found.asked ? nothing : texts.emptyQueue[queue.view]}</p>`;
  return html`<ul>
    ${repeat(
      entries,
      ({ id }) => id,
      (entry) => html`<li>${entryView(entry, screen)}</li>`,
    )}
  </ul>`;
}

function entryView(entry: InboxEntry, { model, deeds, now }: Screen): TemplateResult {
  const { id, lastMessage, waitingSince, channel, metadata, updatedAt } = entry;
  // Nobody need look at what the assistant answers.
  const unseen = entry.unseen && entry.handledBy !== "ai";
  const unread = entry.operator?.id === model.me?.id ? (entry.unread ?? 0) : 0;
  const open = (event: MouseEvent) => {
    // Other buttons and keys open it in another tab, as of any link.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    deeds.open(id);
  };
  const match = model.found.asked && model.found.matchOf(id);
  const waited = waitingSince === undefined ? undefined : now - Date.parse(waitingSince);
  return html`<a
    href=${`/console?conversation=${id}`}
    class="entry"
    aria-current=${model.open?.id === id ? "true" : nothing}
    ?data-unseen=${unseen || unread > 0}
    @click=${open}
  >
    <span class="line">
      ${unread > 0 ? newView(String(unread)) : nothing}
      ${unseen && unread === 0 ? html`<span class="dot" role="img" aria-label=${texts.unseen}></span>` : nothing}
      <span class="name" dir="auto">${visitorName(entry)}</span>
      ${
        waited === undefined
          ? html`<time class="clock" datetime=${updatedAt}>${clockTime(updatedAt)}</time>`
          : html`<span class="clock" data-waits=${waited > longWaitMs ? "long" : "short"}
              >${texts.waits(formatSpan(waited))}</span
            >`
      }
    </span>
    <span class="excerpt" dir="auto">${match?.excerpt ?? excerptOf(lastMessage)}</span>
    ${match?.reason === undefined ? nothing : html`<span class="excerpt fault">${match.reason}</span>`}
    <span class="line small">
      <span class="who" data-by=${entry.handledBy}>${handler(entry, model.me?.id)}</span>
      ${model.box.isStuck(id) ? html`<span class="fault">${texts.notSent}</span>` : nothing}
      <span>${texts.channels[channel]}</span>
      <span class="where" dir="ltr">${place(metadata["page"])}</span>
    </span>
  </a>`;
}

/** The last words; those of the assistant without the marks that they most often have. */
function excerptOf(message: InboxEntry["lastMessage"]): string {
  if (message === undefined) return "";
  const { sender, text } = message;
  return texts.by[sender] + (sender === "ai" ? text.replaceAll(/\*\*|`/g, "") : text);
}

const longWaitMs = 120_000;

function handler({ handledBy, operator, closedAt }: InboxEntry, me: string | undefined): string {
  if (closedAt !== undefined) return texts.handledBy.closed;
  if (handledBy !== "operator") return texts.handledBy[handledBy];
  return operator === undefined || operator.id === me ? texts.handledBy.you : operator.name;
}

/** Path of a page, as its host is the same for nearly all. */
function place(page: string | undefined): string {
  if (page === undefined) return "";
  return URL.canParse(page) ? new URL(page).pathname : page;
}
