import { repeat } from "lit/directives/repeat.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import { MarkdownReply } from "../../../shared/markdown/markdown-reply.ts";
import type { MarkdownContext } from "../../../shared/markdown/render-blocks.ts";
import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type { OperatorConversation } from "../../../shared/protocol/operator.ts";
import type { GivenStretchRating } from "../../../shared/protocol/people/stretch-rating.ts";
import type { LiveReply } from "../model/live-reply.ts";
import type { ShownConversation } from "../model/shown-conversation.ts";
import { texts } from "../texts.ts";
import { actionView } from "./action-view.ts";
import { clockTime, visitorName } from "./formats.ts";
import { liveView, messageView, noteView } from "./message-view.ts";
import type { Screen } from "./screen.ts";

interface Row {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Place among those of the same time. */
  readonly order: number;
  readonly shown: TemplateResult;
}

/** A person who writes at once has taken over with that message. */
const atOnceMs = 1000;

const renderers = new WeakMap<LiveReply, MarkdownReply>();

/** All that was said, in its order, with what happened in between. */
export function talkView(open: ShownConversation, view: OperatorConversation, { deeds }: Screen): TemplateResult {
  const visitor = visitorName(view);
  const context: MarkdownContext = { strings: texts, copyCode: deeds.copyCode };
  const places = placesOf(open.messages);
  const rows: Row[] = [
    ...places.map(({ message, at, order }) => ({
      key: message.id,
      at,
      order,
      shown: messageView(message, visitor, context),
    })),
    ...view.notes.map((note) => ({ ...later, key: note.id, at: Date.parse(note.createdAt), shown: noteView(note) })),
    ...actionRows(view, places),
    ...stretchRows(open, view, places),
    ...view.stretches.flatMap(({ no, operator, rated }) => (rated ? ratingRow(no, operator, rated) : [])),
    ...open.notices.map(({ at, text, seq }) => ({
      ...later,
      key: `notice ${seq}`,
      at: Date.parse(at),
      shown: separator(at, texts.notice(text)),
    })),
  ];
  return html`<div class="rows">
    ${
      open.hasOlder
        ? html`<button type="button" class="quiet" @click=${() => void open.readOlder()}>${texts.older}</button>`
        : nothing
    }
    ${repeat(
      rows.toSorted((a, b) => a.at - b.at || a.order - b.order),
      ({ key }) => key,
      ({ shown }) => shown,
    )}
    ${open.live && liveView(open.live, rendererOf(open.live), context)}
    ${open.visitorTypes ? html`<p class="types">${texts.types(visitor)}</p>` : nothing}
  </div>`;
}

/** Order of what is no message. */
const later = { order: Number.MAX_SAFE_INTEGER };

interface Place {
  readonly message: MessageView;
  readonly at: number;
  readonly order: number;
}

/** Messages keep the order that the service gave them, whatever their clocks say. */
function placesOf(messages: readonly MessageView[]): Place[] {
  let at = Number.NEGATIVE_INFINITY;
  return messages.map((message, index) => ({
    message,
    at: (at = Math.max(at, message.timestamp)),
    order: 2 * index,
  }));
}

/** Actions stand after the reply that proposed them. One that waits is shown even where its message is not. */
function actionRows({ actions = [] }: OperatorConversation, places: readonly Place[]): Row[] {
  return actions.flatMap((action): Row[] => {
    const row = { key: action.id, shown: actionView(action) };
    const asked = places.findIndex(({ message }) => message.id === action.messageId);
    const next = places[asked + 1];
    const place = asked >= 0 && next?.message.sender === "ai" ? next : places[asked];
    if (place !== undefined) return [{ ...row, at: place.at, order: place.order + 1 }];
    return action.state === "waiting" ? [{ ...row, ...later, at: Number.POSITIVE_INFINITY }] : [];
  });
}

function stretchRows(open: ShownConversation, { stretches }: OperatorConversation, places: readonly Place[]): Row[] {
  const from = open.hasOlder ? (open.messages[0]?.timestamp ?? 0) : 0;
  const [first] = stretches;
  // That the assistant answers from the beginning needs no word.
  const told = first?.handledBy === "ai" ? stretches.slice(1) : stretches;
  return told.flatMap(({ no, handledBy, operator, reason, beganAt }) => {
    const began = Date.parse(beganAt);
    if (began < from) return [];
    const isPerson = handledBy === "operator";
    const who = isPerson ? texts.stretch.operator(operator ?? "") : texts.stretch[handledBy];
    const why = reason === undefined ? undefined : texts.reasons[reason];
    const opening = places.find(
      ({ message: { sender, timestamp } }) =>
        isPerson && sender === "operator" && Math.abs(timestamp - began) < atOnceMs,
    );
    const place = opening === undefined ? { at: began, ...later } : { at: opening.at, order: opening.order - 1 };
    const shown = separator(beganAt, why === undefined ? who : `${who}: ${why}`);
    return [{ key: `stretch ${no}`, ...place, shown }];
  });
}

/** How it went with a person, as the visitor said. */
function ratingRow(no: number, operator = "", { rating, comment, ratedAt }: GivenStretchRating): Row {
  const words = comment === null ? nothing : html`<p class="words" dir="auto">${comment}</p>`;
  const shown = html`${separator(ratedAt, texts.rated[rating](operator))} ${words}`;
  return { ...later, key: `rating ${no}`, at: Date.parse(ratedAt), shown };
}

function separator(at: string, text: string): TemplateResult {
  return html`<p class="separator"><span dir="auto">${text}</span> <time datetime=${at}>${clockTime(at)}</time></p>`;
}

function rendererOf(live: LiveReply): MarkdownReply {
  const renderer = renderers.get(live) ?? new MarkdownReply();
  renderers.set(live, renderer);
  return renderer;
}
