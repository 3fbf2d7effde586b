import { countedMailDays, type MailFailure, type MailReport } from "../../../shared/db/operators/mail-report.ts";
import { formatCount, formatTime } from "./format.ts";
import { html, type Html } from "./html.ts";

const kinds: Record<MailFailure["kind"], string> = {
  "visitor-waits": "A visitor waits, to operators",
  answer: "An answer, to visitors",
  invitation: "An invitation",
};

const states: Record<MailFailure["state"], string> = {
  due: "due",
  sent: "sent",
  refused: "refused",
  expired: "expired",
  unknown: "may not have arrived",
  needless: "needless",
  stopped: "stopped by the address",
  limited: "over the limit of a day",
};

/** Tables of what became of mails, and of those that were not taken. No address is shown in full. */
export function mailsView({ counts, failures }: MailReport): Html {
  return html`<section>
    <h1>Mails</h1>
    <p class="note">Of the last ${countedMailDays} days; those about erased conversations are gone with them.</p>
    ${counts.length === 0 ? html`<p>There are none.</p>` : [countsTable(counts), failed(failures)]}
  </section>`;
}

function failed(failures: readonly MailFailure[]): Html {
  if (failures.length === 0) return html`<p>Every mail was taken.</p>`;
  return html`<h2>Not taken</h2>
    ${failuresTable(failures)}`;
}

function countsTable(counts: MailReport["counts"]): Html {
  const columns = Object.entries(states).filter(([state]) => counts.some((count) => count.state === state));
  const countOf = (kind: string, state: string) =>
    counts.find((count) => count.kind === kind && count.state === state)?.count ?? 0;
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th scope="col">About</th>
          ${columns.map(([, name]) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${Object.entries(kinds).map(
          ([kind, name]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${columns.map(([state]) => html`<td>${formatCount(countOf(kind, state))}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function failuresTable(failures: readonly MailFailure[]): Html {
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${["Last at", "About", "To", "State", "Reason", "Tries"].map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${failures.map(failureRow)}
      </tbody>
    </table>
  </div>`;
}

function failureRow({ kind, state, fault, tries, failedAt, dueAt, conversationId, operator, host }: MailFailure): Html {
  const about = kinds[kind];
  return html`<tr>
    <td>${formatTime(failedAt.getTime())}</td>
    <td>${conversationId === null ? about : html`<a href="/admin/conversations/${conversationId}">${about}</a>`}</td>
    <td>${operator ?? (host === null ? "–" : `…@${host}`)}</td>
    <td>${state === "due" ? `tried again at ${formatTime(dueAt.getTime())}` : states[state]}</td>
    <td>${fault ?? "–"}</td>
    <td>${tries}</td>
  </tr>`;
}
