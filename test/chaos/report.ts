import { percentileOf, pickUpWaits } from "./rules/check-waits.ts";
import type { Evidence } from "./rules/evidence.ts";
import type { Reading } from "./run-log.ts";
import { findMessagesBesidePeople, findWordsBeyondCuts } from "./rules/check-voices.ts";
import type { ChaosRun } from "./run.ts";

/** Maximum number of breaches shown per rule. */
const shownBreaches = 5;
/** Maximum number of jobs shown with their full history. */
const shownJobs = 3;
const linesOfLog = 40;
const shownChars = 600;

/**
 * Formats the outcome for people: each rule, its breaches, the command to repeat the run, and the history of the jobs
 * concerned.
 */
export function describeChaosRun({ backend, seed, minutes, evidence, results, heaps, folder }: ChaosRun): string {
  const { runLog, jobs, seen } = evidence;
  const statuses = [...Map.groupBy(jobs.values(), ({ status }) => status)].map(
    ([status, of]) => `${of.length} ${status}`,
  );
  const again = [...jobs.values()].filter(({ attempt }) => attempt > 1).length;
  const kinds = [...Map.groupBy(runLog.faultRecords, ({ kind }) => kind)].map(([kind, of]) => `${kind} ${of.length}`);
  const lines = [
    `${backend}, seed ${seed}, ${minutes} min: ${runLog.accepted.length} messages (${statuses.join(", ")}), ${again} started more than once,`,
    `claimed after ${describeWaits(evidence)}; ${seen.length} provider calls, ${runLog.requests.length} requests, ${runLog.followed.length} followed to the end; ${kinds.join(", ")}`,
    `the harness stalled ${runLog.stalls.length} times, for ${runLog.stalls.reduce((sum, { from, to }) => sum + to - from, 0)} ms in total`,
    runLog.usage.map(({ name, memoryMb, sockets }) => `${name}: ${memoryMb} MB, ${sockets} sockets`).join("; "),
    heaps
      .map(({ name, growth, quarters }) => `${name}: heap ${toMb(quarters.at(-1))}, × ${growth.toFixed(3)}`)
      .join("; "),
    describePeople(evidence),
    describeKnowledge(evidence),
    ...results.map(
      ({ rule, checked, breaches }) =>
        `${breaches.length === 0 ? "held  " : "BROKEN"} ${String(breaches.length).padStart(4)} of ${String(checked).padStart(5)}  ${rule}`,
    ),
  ];
  const breaches = results.flatMap((result) => result.breaches);
  if (breaches.length === 0) return lines.join("\n");
  for (const result of results) {
    for (const { rule, detail, jobId } of result.breaches.slice(0, shownBreaches)) {
      lines.push("", `${rule}: ${detail.slice(0, shownChars)}${jobId === undefined ? "" : `  [job ${jobId}]`}`);
    }
  }
  const concerned = new Set(breaches.flatMap(({ jobId }) => jobId ?? []));
  for (const jobId of [...concerned].slice(0, shownJobs)) lines.push("", ...describeJobHistory(evidence, jobId));
  lines.push(
    "",
    `Repeat: npm run chaos -- --minutes ${minutes} --seed ${seed} --backend ${backend}`,
    `Logs: ${folder}`,
  );
  return lines.join("\n");
}

function describePeople(evidence: Evidence): string {
  const { runLog, jobs } = evidence;
  const talks = [...evidence.talks.values()].filter(({ deleted }) => !deleted);
  const voices = talks.flatMap(({ log }) => log.filter(({ kind, notice }) => kind === "handling" && notice !== null));
  const by = (voice: string) => voices.filter(({ handledBy }) => handledBy === voice).length;
  const cut = talks.flatMap(({ messages }) =>
    messages.filter(({ finishReason }) => finishReason === "taken_over"),
  ).length;
  const handedIn = talks.flatMap(findMessagesBesidePeople).length;
  const uncut = [...jobs.values()].filter(
    ({ errorCode, startedAt, replies, deleted }) =>
      errorCode === "taken_over" && startedAt !== null && !deleted && replies.length === 0,
  ).length;
  const beyond = findWordsBeyondCuts(evidence).length;
  const said = runLog.operatorMessages.filter(({ outcome }) => outcome === "stored").length;
  const sum = (count: (reading: Reading) => number) => runLog.readings.reduce((total, each) => total + count(each), 0);
  return [
    `people: ${by("operator")} take-overs, ${cut} cuts (${handedIn} handed in, ${beyond} with words shown beyond them), ${uncut} begun replies without a word kept,`,
    `${by("waiting")} to the queue, ${by("ai")} back to the AI, ${said} messages of operators;`,
    `${runLog.readings.length} readers of events, ${sum(({ connections }) => connections)} connections, ${sum(({ events }) => events.length)} events, ${sum(({ doubles }) => doubles)} doubles, ${sum(({ resyncs }) => resyncs.length)} resyncs`,
  ].join(" ");
}

function describeKnowledge({ runLog, knowledge: { history, used, cited } }: Evidence): string {
  const removed = [...history.values()].filter(({ ended }) => ended !== null).length;
  const withdrawn = cited.filter(({ sourceId }) => sourceId === null).length;
  return [
    `knowledge: ${runLog.sources.size} sources, ${history.size} passages (${removed} removed), ${used.length} passages of attempts,`,
    `${cited.length} sources of replies (${withdrawn} of deleted sources)`,
  ].join(" ");
}

function toMb(bytes = 0): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function describeWaits(evidence: Evidence): string {
  const waits = pickUpWaits(evidence);
  return [50, 75, 90, 99].map((percent) => `${percentileOf(waits, percent)} ms (p${percent})`).join(", ");
}

/** Lists all records of a job, in order of time. */
function describeJobHistory({ runLog, jobs, seen, recorded, logs }: Evidence, jobId: string): string[] {
  const job = jobs.get(jobId);
  const accepted = runLog.accepted.find((each) => each.jobId === jobId);
  const from = (accepted?.sentAt ?? job?.createdAt ?? 0) - 1000;
  const to =
    Math.max(job?.finishedAt ?? 0, ...runLog.followed.filter((each) => each.jobId === jobId).map(({ at }) => at)) ||
    Date.now();
  const events: { at: number; what: string }[] = [];
  const add = (at: number | null | undefined, what: string) => {
    if (at !== null && at !== undefined) events.push({ at, what });
  };
  add(accepted?.sentAt, `visitor ${accepted?.visitor} sends "${accepted?.text}"`);
  add(accepted?.acceptedAt, "202");
  add(job?.createdAt, `row: turn ${job?.turn} of ${job?.conversationId}`);
  add(job?.startedAt, "row: first claimed");
  add(
    job?.finishedAt,
    `row: ${job?.status} ${job?.errorCode ?? ""}, attempt ${job?.attempt}, run ${job?.run}, deaths ${job?.deaths}`,
  );
  for (const { at, ms, route, api, status, ...request } of runLog.requests) {
    if (request.jobId === jobId) add(at, `${route} to ${api}: ${status} after ${ms} ms`);
  }
  for (const { at, how, status, api } of runLog.followed.filter((each) => each.jobId === jobId)) {
    add(at, `${how} ended at ${api}: ${status}`);
  }
  for (const call of seen.filter((each) => each.job?.id === jobId)) {
    add(call.from, `provider called by ${call.caller}`);
    add(call.to, `provider's answer to ${call.caller}: ${call.how}`);
  }
  for (const { begunAt, settledAt, outcome, attempt } of recorded.filter((each) => each.jobId === jobId)) {
    add(begunAt, `call recorded, attempt ${attempt}`);
    add(settledAt, `call settled: ${outcome}`);
  }
  for (const { kind, part, ...record } of runLog.faultRecords) {
    if (record.from > to || record.to < from) continue;
    add(record.from, `--- ${kind}: ${part}`);
    add(Math.min(record.to, to), `--- ${kind}: ${part} repaired`);
  }
  const said = [...logs].flatMap(([name, log]) =>
    log
      .split("\n")
      .flatMap((line) => (line.includes(jobId) ? [{ at: timeOf(line), what: `${name}: ${line.slice(0, 300)}` }] : [])),
  );
  events.push(...said.slice(0, linesOfLog));
  const told = events
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, what }) => `  ${new Date(at).toISOString().slice(11, 23)}  ${what}`);
  return [`Events of job ${jobId}:`, ...told];
}

function timeOf(line: string): number {
  const [, time] = /"time":(\d+)/.exec(line) ?? [];
  return Number(time ?? 0);
}
