import type { CallFault } from "../../../shared/db/jobs/call-faults.ts";
import type { JobRecord, MessageRecord } from "../../../shared/db/operators/conversation.ts";
import { turnsShown } from "../../../shared/db/operators/conversation.ts";
import type { FoundConversation } from "../../../shared/db/operators/search/entries.ts";
import { outcomeOf } from "../../../shared/db/operators/outcome.ts";
import { callReasons } from "./call-reasons.ts";
import { formatDuration, formatTime, formatUsd } from "./format.ts";
import { html, type Html } from "./html.ts";
import { replyMarkdown } from "./reply-markdown.ts";
import { explain } from "./reasons.ts";
import { outcomeView } from "./search-view.ts";
import { toolEvents } from "./tool-events.ts";

/** Reason of a call without a reply, with its HTTP status and detail. */
function faultView({ code, status, detail }: CallFault): Html {
  const told = [status !== null && !detail?.includes(`HTTP ${status}`) && `HTTP ${status}`, detail].filter(
    (each) => each !== false && each !== null,
  );
  return html`<span class="fault">${code}: ${callReasons[code]}</span>${told.map((each) => html` · ${each}`)}`;
}

function endOfCall(call: JobRecord["calls"][number]): Html {
  const { attempt, outcome, errorCode, errorStatus, errorDetail } = call;
  const spent = `${call.inputTokens ?? "?"} tokens in, ${call.outputTokens ?? "?"} out, ${formatUsd(call.costUsd)}`;
  return html`attempt ${attempt}: call ${outcome},
  ${spent}${errorCode !== null && html` · ${faultView({ code: errorCode, status: errorStatus, detail: errorDetail })}`}`;
}

/** A conversation, each message with the history of its job. */
export function conversationView(
  conversation: FoundConversation,
  { jobs, messages }: { jobs: readonly JobRecord[]; messages: readonly MessageRecord[] },
): Html {
  const turns = [...new Set([...jobs, ...messages].map(({ turn }) => turn))].toSorted((a, b) => a - b);
  return html`<article>
    <h1>Conversation <code>${conversation.id}</code></h1>
    <p>
      ${conversation.assistantType}${["page", "locale"].map((key) => conversation.metadata[key] && html`, ${key} ${conversation.metadata[key]}`)},
      last changed ${formatTime(conversation.updatedAt)},
      ${conversation.deleted ? "deleted, no text is stored" : `${conversation.messageCount} messages`}
    </p>
    ${turns.length >= turnsShown && html`<p class="note">Only the newest ${turnsShown} turns are shown.</p>`}
    ${turns.map((turn) => {
      // A conversation that was handed back has another job for the message that nobody had answered.
      const own = jobs.filter((each) => each.turn === turn).toSorted((a, b) => a.createdAt - b.createdAt);
      const job = own.at(-1);
      const said = messages.filter((each) => each.turn === turn).toSorted((a) => (a.sender === "user" ? -1 : 1));
      return html`<section class="turn" ${job && html`id="job-${job.id}"`}>
        ${said.filter(({ sender }) => sender === "user").map((each) => messageView(each, job))}
        ${own.map((each) => jobView(each, each === job ? said : []))}
        ${said.filter(({ sender }) => sender !== "user").map((each) => messageView(each, job))}
      </section>`;
    })}
  </article>`;
}

function messageView(message: MessageRecord, job: JobRecord | undefined): Html {
  const { sender, text, createdAt, imported, fallback, finishReason, replaces, rating, reason, comment } = message;
  const provider = job?.provider ?? null;
  const outcome = fallback && outcomeOf({ jobStatus: job?.status ?? null, provider, fallback });
  const notes = [
    imported && "imported by the visitor, not verified",
    replaces !== null && "replaces an earlier message",
    outcome && outcomeView(outcome, provider),
    finishReason !== null && finishReason !== "stop" && finishReason,
    rating && `thumb ${rating}${reason ? `: ${reason}` : ""}`,
  ].filter((note) => note !== false && note !== null);
  return html`<div class="message ${sender}">
    <div class="by">
      ${{ user: "Visitor", ai: "Reply", operator: "Operator" }[sender]},
      ${formatTime(createdAt)}${notes.map((note) => html` · ${note}`)}
    </div>
    ${
      sender === "ai" && !imported
        ? html`<div class="text">${replyMarkdown(text)}</div>`
        : html`<p class="text" dir="auto">${text}</p>`
    }
    ${comment && html`<p class="comment" dir="auto">Comment: ${comment}</p>`}
  </div>`;
}

function jobView(job: JobRecord, said: readonly MessageRecord[]): Html {
  const { id, status, errorCode, createdAt, startedAt, finishedAt, requestId, deaths, runs, calls } = job;
  const events = [
    { at: createdAt, what: `accepted${requestId === null ? "" : `, request ${requestId}`}` },
    ...runs.flatMap((run) => [
      { at: run.claimedAt, what: `attempt ${run.attempt}: claimed by ${run.worker}` },
      { at: run.firstDeltaAt, what: `attempt ${run.attempt}: first text` },
      { at: run.endedAt, what: `attempt ${run.attempt}: ${run.outcome}` },
    ]),
    ...runs.flatMap(({ claimedAt, skippedCalls }) =>
      (skippedCalls ?? []).map(({ afterMs, attempt, provider, ...fault }) => ({
        at: claimedAt + afterMs,
        what: html`attempt ${attempt}: ${provider} not called: ${faultView(fault)}`,
      })),
    ),
    ...calls.flatMap((call) => [
      { at: call.begunAt, what: `attempt ${call.attempt}: ${call.provider} ${call.model} called` },
      { at: call.settledAt, what: endOfCall(call) },
    ]),
    ...toolEvents(job),
    { at: finishedAt, what: status },
  ].flatMap(({ at, what }) => (at === null ? [] : [{ at, what }]));
  const fallback = said.some((message) => message.sender === "ai" && message.fallback);
  const outcome = outcomeOf({ jobStatus: status, provider: job.provider, fallback, handledBy: job.handledBy });
  const costs = calls.flatMap(({ costUsd }) => costUsd ?? []);
  return html`<details class="job" ${(status === "failed" || fallback) && html`open`}>
    <summary>
      ${outcome && outcomeView(outcome, job.provider)} waited
      ${formatDuration(startedAt === null ? null : startedAt - createdAt)}, took
      ${formatDuration(startedAt === null || finishedAt === null ? null : finishedAt - startedAt)}
      ${costs.length > 0 && html`, ${formatUsd(costs.reduce((sum, cost) => sum + cost, 0))}`}
      ${deaths > 0 && html`, ${deaths} of its workers crashed`} <code>${id}</code>
    </summary>
    ${errorCode !== null && html`<p class="fault">${explain(errorCode)}</p>`}
    <ol>
      ${events
        .toSorted((a, b) => a.at - b.at)
        .map(
          ({ at, what }) =>
            html`<li><time>${formatTime(at)}</time> <span>+${formatDuration(at - createdAt)}</span> ${what}</li>`,
        )}
    </ol>
  </details>`;
}
