import { html, nothing, type TemplateResult } from "lit/html.js";
import type { OperatorConversation } from "../../../shared/protocol/operator.ts";
import { texts } from "../texts.ts";
import { formatCost, formatSpan, clockTime } from "./formats.ts";
import type { ShownConversation } from "../model/shown-conversation.ts";
import { retrievedPassages } from "./reply-sources.ts";
import type { Screen } from "./screen.ts";

type Job = OperatorConversation["jobs"][number];

const { about, job: words } = texts;

/** Facts beside the messages: where the visitor is, and how the assistant fared. */
export function detailsPane(view: OperatorConversation, { model, deeds }: Screen): TemplateResult {
  const { page, locale, ...others } = view.metadata;
  const rows: [string, string | TemplateResult | undefined][] = [
    [about.page, page === undefined ? undefined : pageLink(page)],
    [about.locale, locale],
    ...Object.entries(others),
    [about.channel, texts.channels[view.channel]],
    [about.assistant, view.assistantType],
    [texts.visitor, [view.verifiedVisitor && texts.verified, view.blocked && texts.blocked].filter(Boolean).join(", ")],
    [about.emailLeft, view.emailLeft ? about.yes : undefined],
    [about.begun, clockTime(view.updatedAt)],
    [about.conversation, html`<code>${view.id}</code>`],
  ];
  const isBlocked = view.blocked === true;
  return html`<aside class="details" aria-label=${texts.details}>
    <dl>
      ${rows.map(([name, value]) =>
        value === undefined || value === ""
          ? nothing
          : html`<dt dir="auto">${name}</dt>
              <dd dir="auto">${value}</dd>`,
      )}
    </dl>
    <p class="links">
      <a href=${`/admin/conversations/${view.id}`}>${about.report}</a>
      ${
        model.mayChange
          ? html`<button
              type="button"
              class="plain"
              ?disabled=${model.open?.acting === true}
              @click=${() => (isBlocked ? deeds.setBlocked(false) : deeds.ask("block"))}
            >
              ${isBlocked ? texts.actions.unblock : texts.actions.block}
            </button>`
          : nothing
      }
    </p>
    <h2>${texts.jobs}</h2>
    ${view.jobs.length === 0 ? html`<p class="empty">${texts.noJobs}</p>` : nothing}
    <ol class="jobs">
      ${view.jobs.map((job) => html`<li>${jobView(job)} ${passagesOf(job, model.open)}</li>`)}
    </ol>
  </aside>`;
}

function jobView(job: Job): TemplateResult {
  const left = job.handledBy === undefined || job.error !== undefined ? "" : words.left[job.handledBy];
  const isFault = job.status === "failed";
  const lines = [
    clockTime(job.createdAt),
    job.attempt > 1 && words.attempts(job.attempt),
    job.startedAt !== undefined && words.waited(span(job.createdAt, job.startedAt)),
    job.startedAt !== undefined && job.finishedAt !== undefined && words.took(span(job.startedAt, job.finishedAt)),
  ].filter(Boolean);
  return html`<p>
      <span class="status" data-status=${job.status}>${left || words.status[job.status]}</span>
      ${job.provider} ${job.costUsd === null ? nothing : html`<span class="cost">${formatCost(job.costUsd)}</span>`}
    </p>
    ${job.error === undefined ? nothing : html`<p class=${isFault ? "fault" : "small"}>${words.errors[job.error] ?? job.error}</p>`}
    <p class="small">${lines.join(" · ")}</p>`;
}

function passagesOf({ jobId, passages }: Job, open: ShownConversation | undefined): TemplateResult | typeof nothing {
  if (passages === undefined || open === undefined) return nothing;
  return retrievedPassages(passages, open.passages.get(jobId), () => void open.readPassages(jobId));
}

function span(from: string, to: string): string {
  return formatSpan(Date.parse(to) - Date.parse(from));
}

/** A page is what the visitor's browser said: linked only if it is one of the web. */
function pageLink(page: string): string | TemplateResult {
  if (!URL.canParse(page) || !/^https?:$/.test(new URL(page).protocol)) return page;
  return html`<a href=${page} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">${page}</a>`;
}
