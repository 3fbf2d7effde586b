import { repeat } from "lit/directives/repeat.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { DocumentStatus, DocumentView, SourceDetailView } from "../../../shared/protocol/knowledge.ts";
import { texts } from "../texts.ts";
import { clockTime } from "../views/formats.ts";
import { sign } from "../views/signs.ts";
import { knowledgeProblem, type KnowledgeScreen, linkTo, shortAddress } from "./knowledge-screen.ts";
import { knowledgeTexts as words } from "./knowledge-texts.ts";
import { searchPane } from "./search-pane.ts";
import type { ShownSource } from "./shown-source.ts";
import { nameOf } from "./source-list.ts";
import { unansweredPane } from "./unanswered-pane.ts";

/** The source that is open: how far it is, and what became of each document. */
export function sourcePane(screen: KnowledgeScreen): TemplateResult {
  const { open, search } = screen.model;
  if (search !== undefined) return searchPane(search, screen);
  if (screen.model.showsUnanswered) return unansweredPane(screen);
  if (open === undefined) return html`<section class="conversation nothing"><p>${words.choose}</p></section>`;
  const { view, problem } = open;
  return html`<section class="conversation source" aria-labelledby="source-name">
    <header class="head">
      <button type="button" class="tool back" aria-label=${words.back} @click=${() => screen.deeds.open(undefined)}>
        ${sign("back")}
      </button>
      <div class="title">
        <h2 id="source-name" dir="auto">${view ? nameOf(view) : words.reading}</h2>
        ${view ? stateOf(view) : nothing}
      </div>
      ${view && screen.model.mayChange ? actions(open, screen) : nothing}
    </header>
    <div class="pages" tabindex="-1">
      ${problem && html`<p class="problem" role="alert">${knowledgeProblem(problem)}</p>`}
      ${view && !open.isGone ? html`${facts(view)} ${documentList(open, view)}` : nothing}
    </div>
  </section>`;
}

function stateOf({ kind, status, reason }: SourceDetailView): TemplateResult {
  return html`<p>
    ${words.kinds[kind]} · <span class="status" data-status=${status}>${words.status[status]}</span>${
      reason === undefined ? nothing : html`: <span dir="auto">${reason}</span>`
    }
  </p>`;
}

function actions(open: ShownSource, { deeds }: KnowledgeScreen): TemplateResult {
  return html`<div class="actions">
    <button type="button" class="secondary" @click=${() => void open.act((api) => api.refresh(open.id))}>
      ${words.refresh}
    </button>
    <button type="button" class="secondary" @click=${() => deeds.ask("remove")}>${words.remove}</button>
  </div>`;
}

function facts({
  url,
  question,
  title,
  mediaType,
  language,
  assistants,
  refreshHours,
  lookedAt,
  dueAt,
}: SourceDetailView) {
  const { about } = words;
  const shown: [string, unknown][] = [
    [about.address, url === undefined ? undefined : linkTo(url, url)],
    [about.question, title === undefined ? undefined : question],
    [about.type, mediaType],
    [about.language, language],
    [about.assistants, assistants?.join(", ")],
    [about.every, refreshHours === undefined ? undefined : texts.hours(refreshHours)],
    [about.looked, lookedAt && clockTime(lookedAt)],
    [about.due, dueAt && clockTime(dueAt)],
  ];
  return html`<dl class="facts">
    ${shown
      .filter(([, value]) => value !== undefined)
      .map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd dir="auto">${value}</dd>
          </div>`,
      )}
  </dl>`;
}

const filters = [undefined, "ready", "left_out", "gone", "pending"] as const satisfies (DocumentStatus | undefined)[];

function documentList(open: ShownSource, { documentCounts }: SourceDetailView): TemplateResult {
  const all = Object.values(documentCounts).reduce((sum, count) => sum + count, 0);
  if (all === 0) return html`<p class="empty">${words.notRead}</p>`;
  return html`<h3 class="visually-hidden">${words.documents}</h3>
    <div class="views" role="group" aria-label=${words.documents}>
      ${filters
        .filter((status) => status === undefined || documentCounts[status] > 0)
        .map(
          (status) =>
            html`<button type="button" aria-pressed=${open.filter === status} @click=${() => open.show(status)}>
              ${status === undefined ? all : documentCounts[status]}
              ${status === undefined ? words.all : words.documentStatus[status]}
            </button>`,
        )}
    </div>
    <ul class="documents">
      ${repeat(
        open.documents,
        ({ id }) => id,
        (document) => html`<li>${documentView(document, open)}</li>`,
      )}
    </ul>
    ${
      open.hasMore
        ? html`<button type="button" class="quiet" @click=${() => void open.readMore()}>${words.more}</button>`
        : nothing
    }`;
}

function documentView(document: DocumentView, open: ShownSource): TemplateResult {
  const { id, url, title, status, reason, passages, share, needsScript, fetchedAt } = document;
  const isUnfolded = open.unfolded.has(id);
  return html`<button
      type="button"
      class="document"
      aria-expanded=${isUnfolded}
      aria-controls=${`text-${id}`}
      @click=${() => open.toggle(id)}
    >
      <span class="line">
        <span class="name" dir="auto">${title ?? (url === undefined ? words.textOf : shortAddress(url))}</span>
        <span class="status" data-status=${status}>${words.documentStatus[status]}</span>
      </span>
      <span class="line small">
        ${title === undefined || url === undefined ? nothing : html`<span class="where" dir="ltr">${shortAddress(url)}</span>`}
        ${needsScript ? html`<span class="flag">${words.needsScript}</span>` : nothing}
        ${reason === undefined ? nothing : html`<span class="reason" dir="auto">${reason}</span>`}
        ${share === undefined ? nothing : html`<span>${words.share(share)}</span>`}
        ${status === "ready" ? html`<span>${words.passages(passages)}</span>` : nothing}
        ${fetchedAt === undefined ? nothing : html`<time datetime=${fetchedAt}>${clockTime(fetchedAt)}</time>`}
      </span>
    </button>
    <div class="taken" id=${`text-${id}`} ?hidden=${!isUnfolded}>
      ${isUnfolded ? takenView(document, open.unfolded.get(id)) : nothing}
    </div>`;
}

/** The text of a document as it was taken. @param read `undefined` until its text is here */
function takenView({ url, notes = [], needsScript }: DocumentView, read: DocumentView | undefined): TemplateResult {
  return html`${url === undefined ? nothing : html`<p>${linkTo(url, words.openPage)}</p>`}
  ${needsScript ? html`<p>${words.needsScriptHint}</p>` : nothing}
  ${notes.map((note) => html`<p dir="auto">${note}</p>`)}
  ${read === undefined ? html`<p>${words.reading}</p>` : textView(read)}`;
}

function textView({ text, textCut, language }: DocumentView): TemplateResult {
  if (text === undefined || text === "") return html`<p>${words.noText}</p>`;
  return html`<pre tabindex="0" aria-label=${words.textOf} role="region" lang=${language ?? nothing} dir="auto">
${text}</pre>
    ${textCut ? html`<p>${words.textCut}</p>` : nothing}`;
}
