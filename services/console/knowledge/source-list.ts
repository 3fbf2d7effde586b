import { repeat } from "lit/directives/repeat.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import type { SourceView } from "../../../shared/protocol/knowledge.ts";
import { texts } from "../texts.ts";
import { clockTime } from "../views/formats.ts";
import { knowledgeTexts as words } from "./knowledge-texts.ts";
import { searchForm } from "./search-pane.ts";
import { unansweredEntry } from "./unanswered-pane.ts";
import { knowledgeProblem, shortAddress, type KnowledgeScreen } from "./knowledge-screen.ts";

const statuses = ["running", "pending", "failed", "ready"] as const;

/** The list of sources, with a line that says how many are how far. */
export function sourceListPane(screen: KnowledgeScreen): TemplateResult {
  const { model, deeds } = screen;
  const { sources, counts, problem } = model;
  return html`<div class="bar">
      <p class="connection" role="status">${problem === undefined ? nothing : knowledgeProblem(problem)}</p>
      <p class="me small" role="status">
        ${statuses
          .filter((status) => (counts?.[status] ?? 0) > 0)
          .map((status) => words.counts[status](counts?.[status] ?? 0))
          .join(" · ")}
      </p>
      ${
        model.mayChange
          ? html`<button type="button" class="primary" @click=${() => deeds.ask("add")}>${words.add}</button>`
          : nothing
      }
    </div>
    <section class="queue" aria-label=${words.sources}>
      ${searchForm(screen)}
      <div class="entries" tabindex="-1">
        ${unansweredEntry(screen)}
        ${sources === undefined ? html`<p class="empty">${problem ? nothing : words.reading}</p>` : list(sources, screen)}
        ${
          model.hasMore
            ? html`<button type="button" class="quiet" @click=${() => void model.readMore()}>${texts.more}</button>`
            : nothing
        }
      </div>
    </section>`;
}

function list(sources: readonly SourceView[], screen: KnowledgeScreen): TemplateResult {
  if (sources.length === 0) return html`<p class="empty">${words.none}<br />${words.noneHint}</p>`;
  return html`<ul>
    ${repeat(
      sources,
      ({ id }) => id,
      (source) => html`<li>${entryView(source, screen)}</li>`,
    )}
  </ul>`;
}

function entryView(source: SourceView, { model, deeds }: KnowledgeScreen): TemplateResult {
  const { id, kind, status, documentCounts, lookedAt, createdAt } = source;
  const { ready, pending, left_out: leftOut, gone } = documentCounts;
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    deeds.open(id);
  };
  const time = lookedAt ?? createdAt;
  return html`<a
    href=${`/console?part=knowledge&source=${id}`}
    class="entry"
    aria-current=${model.open?.id === id ? "true" : nothing}
    @click=${open}
  >
    <span class="line">
      <span class="name" dir="auto">${nameOf(source)}</span>
      <time class="clock" datetime=${time}>${clockTime(time)}</time>
    </span>
    <span class="line small">
      <span class="status" data-status=${status}>${words.status[status]}</span>
      <span>${words.kinds[kind]}</span>
      ${kind === "sitemap" ? html`<span>${words.taken(ready, ready + pending + leftOut + gone)}</span>` : nothing}
    </span>
  </a>`;
}

/** Words that tell a source from the others. */
export function nameOf({ title, question, url, kind }: SourceView): string {
  return title ?? question ?? (url === undefined ? words.kinds[kind] : shortAddress(url));
}
