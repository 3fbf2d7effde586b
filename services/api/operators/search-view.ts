import { type JobOutcome, jobOutcomes, outcomeOf } from "../../../shared/db/operators/outcome.ts";
import type { FoundConversation } from "../../../shared/db/operators/search/entries.ts";
import { foundLimit, searchedMessages } from "../../../shared/db/operators/search/search-statements.ts";
import { firstSentence, formatCount, formatTime } from "./format.ts";
import { html, type Html } from "./html.ts";
import { reasonOf } from "./reasons.ts";

/** The submitted values of the form. */
export interface SearchForm {
  id: string;
  requestId: string;
  text: string;
  status: string;
  from: string;
  to: string;
  /** Error in the submitted values. */
  fault?: string;
}

/** The form and its results. */
export function searchView(form: SearchForm, found: readonly FoundConversation[]): Html {
  return html`<section>
    <h1>Conversations</h1>
    <form method="get" action="/admin" role="search">
      <label
        >Id of a conversation, job, message or request <input name="id" value="${form.id}" spellcheck="false" size="38"
      /></label>
      <label>Request id <input name="requestId" value="${form.requestId}" spellcheck="false" size="24" /></label>
      <label>Text of a message <input name="text" value="${form.text}" size="24" dir="auto" /></label>
      <label>
        Job
        <select name="status">
          <option value="">any</option>
          ${jobOutcomes.map(
            (outcome) =>
              html`<option value="${outcome}" ${outcome === form.status ? "selected" : ""}>
                ${outcomeLabels[outcome]}
              </option>`,
          )}
        </select>
      </label>
      <label>From (UTC) <input type="datetime-local" name="from" value="${form.from}" /></label>
      <label>To (UTC) <input type="datetime-local" name="to" value="${form.to}" /></label>
      <button>Search</button>
      <a href="/admin">Clear</a>
    </form>
    ${form.fault && html`<p class="fault" role="alert">${form.fault}</p>`}
    ${found.length === 0 && !form.fault ? html`<p>No conversations found.</p>` : table(found)}
    ${form.text !== "" && html`<p class="note">A text is searched for in the newest ${formatCount(searchedMessages)} messages of the period. Set “To” to search earlier ones.</p>`}
    ${found.length === foundLimit && html`<p class="note">Only the newest ${foundLimit} are shown. Set “To” to see earlier ones.</p>`}
  </section>`;
}

function table(found: readonly FoundConversation[]): Html {
  if (found.length === 0) return html``;
  const columns = ["Last changed", "Conversation", "Page", "Language", "Assistant", "Messages", "Job", "Reason"];
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${columns.map((name) => html`<th>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${found.map(row)}
      </tbody>
    </table>
  </div>`;
}

function row(entry: FoundConversation): Html {
  const { id, updatedAt, assistantType, messageCount, metadata, deleted, jobId, failures, excerpt } = entry;
  const outcome = outcomeOf(entry);
  const hasFailed = outcome === "failed" || outcome === "apology";
  const others = (failures ?? 0) - (hasFailed ? 1 : 0);
  return html`<tr>
    <td>${formatTime(updatedAt)}</td>
    <td class="found">
      <a href="/admin/conversations/${id}${jobId && `#job-${jobId}`}"
        ><span dir="auto">${excerpt ?? firstSentence(entry.firstMessage ?? "")}</span> <code>${id}</code></a
      >
    </td>
    <td class="page">${metadata["page"]}</td>
    <td>${metadata["locale"]}</td>
    <td>${assistantType}</td>
    <td>${deleted ? "deleted" : messageCount}</td>
    <td>
      ${outcome && outcomeView(outcome, entry.provider)}
      ${others > 0 && html`<span class="status failed">+ ${others} failed or apologized</span>`}
    </td>
    <td>${reasonOf(entry)}</td>
  </tr>`;
}

const outcomeLabels: Record<JobOutcome, string> = {
  queued: "queued",
  active: "active",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  apology: "apology: no provider answered",
  other_provider: "by another provider",
  people: "left to people",
};

/** @param provider of the reply */
export function outcomeView(outcome: JobOutcome, provider: string | null): Html {
  const label = outcome === "other_provider" && provider !== null ? `by ${provider} instead` : outcomeLabels[outcome];
  return html`<span class="status ${outcome}">${label}</span>`;
}
