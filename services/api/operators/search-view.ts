import { type FoundConversation, foundLimit } from "../../../shared/db/operators/search.ts";
import { type JobErrorCode, jobStatus } from "../../../shared/protocol/job.ts";
import { formatTime } from "./format.ts";
import { html, type Html } from "./html.ts";

/** The submitted values of the form. */
export interface SearchForm {
  id: string;
  status: string;
  from: string;
  to: string;
  /** Error in the submitted values. */
  fault?: string;
}

/** The form and its results, without any text of visitors. */
export function searchView(form: SearchForm, found: readonly FoundConversation[]): Html {
  return html`<section>
    <h1>Conversations</h1>
    <form method="get" action="/admin" role="search">
      <label
        >Id of a conversation, job or message <input name="id" value="${form.id}" spellcheck="false" size="38"
      /></label>
      <label>
        Job
        <select name="status">
          <option value="">any</option>
          ${jobStatus.options.map(
            (status) => html`<option ${status === form.status ? "selected" : ""}>${status}</option>`,
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
    ${found.length === foundLimit && html`<p class="note">Only the newest ${foundLimit} are shown. Set “To” to see earlier ones.</p>`}
  </section>`;
}

function table(found: readonly FoundConversation[]): Html {
  if (found.length === 0) return html``;
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th>Last changed</th>
          <th>Conversation</th>
          <th>Assistant</th>
          <th>Messages</th>
          <th>Job</th>
          <th>Reason</th>
        </tr>
      </thead>
      <tbody>
        ${found.map(
          ({ id, updatedAt, assistantType, messageCount, deleted, jobId, jobStatus: status, errorCode }) =>
            html`<tr>
              <td>${formatTime(updatedAt)}</td>
              <td>
                <a href="/admin/conversations/${id}${jobId && `#job-${jobId}`}"><code>${id}</code></a>
              </td>
              <td>${assistantType}</td>
              <td>${deleted ? "deleted" : messageCount}</td>
              <td>${status && html`<span class="status ${status}">${status}</span>`}</td>
              <td>${explain(errorCode)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Reason why a job has no reply, and where to look. Visitors see less. */
const reasons: Record<JobErrorCode, string> = {
  provider_unavailable: "no provider answered, and the assistant has no preset with fallback: true",
  provider_rejected: "the provider rejected the request, or the assistant's daily budget is used up",
  deadline: "the calls took longer than JOB_DEADLINE_MS, and the assistant has no preset with fallback: true",
  workers_died: "three workers crashed while answering it: see the logs of the workers listed in its timeline",
  cancelled: "the visitor stopped it",
  deleted: "the conversation was deleted",
};

export function explain(errorCode: JobErrorCode | null): string {
  return errorCode === null ? "" : `${errorCode}: ${reasons[errorCode]}`;
}
