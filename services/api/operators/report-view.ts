import type { Report, ReportFigures } from "../../../shared/protocol/people/report.ts";
import { formatCount, formatDuration, formatShare, formatUsd } from "./format.ts";
import { html, type Html } from "./html.ts";

/** The submitted values of the form. */
export interface ReportForm {
  from: string;
  to: string;
  zone: string;
  /** Error in the submitted values, or the reason why nothing was counted. */
  fault?: string;
}

const reasons: Readonly<Record<string, string>> = {
  asked: "asked for a person",
  failures: "replies failed",
  keyword: "a keyword",
  model: "the assistant asked",
  "unknown-action": "an action with unknown outcome",
  paused: "the assistant was paused",
  other: "another reason",
};

/** The form, and a table with a line for each day. */
export function reportView({ from, to, zone, fault }: ReportForm, report: Report | undefined): Html {
  const address = `/api/operator/reports?${new URLSearchParams({ from, to, zone, format: "csv" }).toString()}`;
  return html`<section>
    <h1>Report</h1>
    <form method="get" action="/admin/reports">
      <label>From <input type="date" name="from" value="${from}" required /></label>
      <label>To <input type="date" name="to" value="${to}" required /></label>
      <label>Time zone <input name="zone" value="${zone}" spellcheck="false" size="24" required /></label>
      <button>Count</button>
      ${report && html`<a href="${address}" download>CSV</a>`}
    </form>
    ${fault && html`<p class="fault" role="alert">${fault}</p>`} ${report && table(report)}
  </section>`;
}

const heads = [
  "Day",
  "Messages",
  "Assistant",
  "People",
  "Apologies",
  "Nobody",
  "Wait, p50",
  "Wait, p95",
  "Handoffs",
  "A person came",
  "First words, p50",
  "How it went",
  "Thumbs",
  "Cost",
];

function table({ total, days }: Report): Html {
  const why = Object.entries(total.handoffsByReason).toSorted(([, one], [, other]) => other - one);
  return html`<div class="wide">
      <table class="days">
        <thead>
          <tr>
            ${heads.map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${line("All", total)} ${days.toReversed().map(({ day, ...figures }) => line(day, figures))}
        </tbody>
      </table>
    </div>
    ${
      why.length > 0 &&
      html`<p class="note">
        Handoffs by reason: ${why.map(([reason, times]) => `${reasons[reason] ?? reason} ${times}`).join(", ")}.
      </p>`
    }
    <p class="note">
      Counted from what is stored: deleted conversations are not in it. A message that nobody answered counts as such,
      also if its visitor wrote no more.
    </p>`;
}

function line(name: string, figures: ReportFigures): Html {
  const { messages, byAssistant, byPeople, apologies, unanswered, handoffs, handoffsMet, ratingsAsked, up, down } =
    figures;
  const share = (part: number) => (part === 0 ? "0" : `${formatCount(part)} (${formatShare(part, messages)})`);
  const cells = [
    formatCount(messages),
    share(byAssistant),
    share(byPeople),
    share(apologies),
    share(unanswered),
    formatSeconds(figures.waitP50),
    formatSeconds(figures.waitP95),
    formatCount(handoffs),
    handoffs === 0 ? "–" : `${formatCount(handoffsMet)} (${formatShare(handoffsMet, handoffs)})`,
    formatSeconds(figures.firstReplyP50),
    ratingsAsked === 0 ? "–" : howItWent(figures),
    up + down === 0 ? "–" : `${formatCount(up)} up, ${formatCount(down)} down`,
    formatUsd(figures.costUsd),
  ];
  return html`<tr>
    <th scope="row">${name}</th>
    ${cells.map((cell) => html`<td>${messages + handoffs + ratingsAsked + up + down === 0 ? "–" : cell}</td>`)}
  </tr>`;
}

function howItWent({ ratingsAsked, good, bad }: ReportFigures): string {
  const silent = ratingsAsked - good - bad;
  return `${formatCount(good)} good, ${formatCount(bad)} bad, ${formatCount(silent)} not said`;
}

function formatSeconds(seconds: number | null): string {
  return formatDuration(seconds === null ? null : seconds * 1000);
}
