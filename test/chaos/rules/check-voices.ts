import { handInMs, leaseMs } from "../../../shared/tunables.ts";
import type { LogRow } from "../people/describe-event.ts";
import type { FaultKind } from "../fault-plan.ts";
import type { Check, Evidence } from "./evidence.ts";
import type { StoredMessage, Talk } from "./talks.ts";

/** Time from the first try to seal a draft to the commit of the take-over, also in a process that is frozen. */
const beforeCutMs = 4000;
/** Difference between the commit and the time that is kept of it, and between clocks. */
const afterCutMs = 500;
/** Time for which a store that has just failed, or lost its data, affects a cut. */
const afterEffectMs = 3500;

/** Faults that lose drafts, on either backend. Until its worker, or the next one, writes a draft again, it is gone. */
const losses: ReadonlySet<FaultKind> = new Set([
  "lose-queue",
  "redis-empty",
  "redis-old-data",
  "redis-kill-master",
  "redis-freeze-master",
  "postgres-crash",
]);

/**
 * True if the draft store was away or lost data around a take-over: what was shown may then differ from the cut.
 * @param since when the cut attempt began. Its draft stays lost if its worker dies with it, however late the next one is
 */
function wasDraftStoreAway({ runLog, draftStore }: Evidence, at: number, since = at - leaseMs): boolean {
  const near = runLog.faultsOf([draftStore], at - beforeCutMs, at + afterCutMs, afterEffectMs);
  const before = runLog.faultsOf([draftStore], Math.min(since, at - leaseMs), at + afterCutMs, afterEffectMs);
  return (
    near.some(({ kind }) => draftStore === "redis" && kind !== "hints-lost") ||
    before.some(({ kind }) => losses.has(kind) && (draftStore === "redis" || kind !== "lose-queue"))
  );
}

/** Conversations that still exist, with their logs. */
function* livingTalks({ talks }: Evidence): Generator<Talk> {
  for (const talk of talks.values()) if (!talk.deleted) yield talk;
}

const checkEnds: Check = {
  rule: "the log has one end for each job, that of its row",
  check(evidence, report) {
    const jobs = Map.groupBy(evidence.jobs.values(), ({ conversationId }) => conversationId);
    let checked = 0;
    for (const { id, log } of livingTalks(evidence)) {
      const ends = Map.groupBy(
        log.filter(({ kind, status }) => kind === "job" && status !== "queued"),
        ({ jobId }) => jobId,
      );
      for (const job of jobs.get(id) ?? []) {
        checked += 1;
        const told = ends.get(job.id) ?? [];
        const [end] = told;
        if (told.length !== 1) report(`${told.length} ends in the log`, job.id);
        else if (end?.status !== job.status) report(`the log says ${end?.status}, the row ${job.status}`, job.id);
      }
    }
    return checked;
  },
};

/** Messages of the AI that the log has while a person answers. */
export function findMessagesBesidePeople({
  log,
  messages,
}: Talk): { row: LogRow; taken: LogRow; said: StoredMessage | undefined }[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  let taken: LogRow | undefined;
  return log.flatMap((row) => {
    if (row.kind === "handling") taken = row.handledBy === "operator" ? row : undefined;
    const said = byId.get(row.messageId ?? "");
    return row.kind === "message" && said?.sender === "ai" && taken ? [{ row, taken, said }] : [];
  });
}

const checkOneVoice: Check = {
  rule: "the AI is silent while a person answers, but for a cut that is handed in late",
  check(evidence, report) {
    let checked = 0;
    for (const talk of livingTalks(evidence)) {
      checked += talk.log.filter(({ kind, handledBy }) => kind === "handling" && handledBy === "operator").length;
      for (const { row, taken, said } of findMessagesBesidePeople(talk)) {
        const handedIn = said?.finishReason === "taken_over" && row.at <= taken.at + handInMs + 1000;
        if (!handedIn || !wasDraftStoreAway(evidence, taken.at))
          report(
            `message ${row.messageId} of ${talk.id} at ${row.seq}, taken over at ${taken.seq}`,
            row.jobId ?? undefined,
          );
      }
      // A person speaks only once they have it.
      let voice = "ai";
      const operators = new Set(talk.messages.filter(({ sender }) => sender === "operator").map(({ id }) => id));
      for (const { kind, handledBy, messageId } of talk.log) {
        if (kind === "handling") voice = handledBy ?? "";
        if (kind === "message" && operators.has(messageId ?? "") && voice !== "operator")
          report(`a person speaks in ${talk.id} while ${voice} answers`);
      }
    }
    return checked;
  },
};

const checkStretches: Check = {
  rule: "the row, the stretches and the log agree who answers",
  check(evidence, report) {
    let checked = 0;
    for (const talk of livingTalks(evidence)) {
      checked += 1;
      for (const fault of findDisagreements(talk)) report(`${talk.id}: ${fault}`);
    }
    return checked;
  },
};

function* findDisagreements(talk: Talk): Generator<string> {
  const { handledBy, operatorId, log, stretches } = talk;
  if (log.length !== talk.eventSeq || log.some(({ seq }, index) => seq !== index + 1))
    yield `${log.length} events, the newest is ${talk.eventSeq}`;
  if (talk.messages.length !== talk.messageCount)
    yield `${talk.messages.length} messages, counted ${talk.messageCount}`;
  if (talk.open > 0) yield `${talk.open} jobs are open`;
  if (talk.handoffDue !== null) yield "a handoff was not carried out";
  const voices = log.filter(({ kind }) => kind === "handling");
  const last = voices.at(-1);
  if ((last?.handledBy ?? "ai") !== handledBy) yield `the log ends with ${last?.handledBy}, the row with ${handledBy}`;
  if (handledBy === "operator" && last?.operatorId !== operatorId) yield "the log names another operator than the row";
  // A conversation that is only closed changes no hands.
  const changes = voices.filter(({ notice }) => notice !== null);
  const told = ["ai", ...changes.map((row) => row.handledBy)].join();
  const kept = stretches.map((stretch) => stretch.handledBy).join() || "ai";
  if (told !== kept) yield `the log tells ${told}, the stretches are ${kept}`;
  if ((stretches.at(-1)?.no ?? 0) !== talk.stretch) yield "the stretches end with another number";
  if (stretches.some(({ over }, index) => over !== index < stretches.length - 1))
    yield "other stretches than the last are open";
  if (stretches.length > 0 && stretches.at(-1)?.operatorId !== operatorId)
    yield "the last stretch names another operator";
}

const checkHandedBack: Check = {
  rule: "a message that nobody answered gets a job when its conversation is handed back",
  check(evidence, report) {
    let checked = 0;
    for (const { id, log, messages } of livingTalks(evidence)) {
      const byId = new Map(messages.map((message) => [message.id, message]));
      let newest: StoredMessage | undefined;
      const open = new Map<string, string>();
      for (const [index, { kind, messageId, jobId, status, notice, seq }] of log.entries()) {
        const message = byId.get(messageId ?? "");
        // The reply of a turn is newer than its message.
        if (message && message.turn >= (newest?.turn ?? 0)) newest = message;
        const asked = evidence.jobs.get(jobId ?? "")?.messageId ?? "";
        if (kind === "job" && jobId !== null) {
          if (status === "queued") open.set(jobId, asked);
          else open.delete(jobId);
        }
        if (kind !== "handling" || notice !== "assistant") continue;
        checked += 1;
        const next = log[index + 1];
        const given = next?.status === "queued" ? evidence.jobs.get(next.jobId ?? "")?.messageId : undefined;
        const unanswered = newest?.sender === "user" && ![...open.values()].includes(newest.id);
        if (unanswered && given !== newest?.id)
          report(`${id} was handed back at ${seq}, no job answers turn ${newest?.turn}`);
      }
    }
    return checked;
  },
};

const checkOperatorMessages: Check = {
  rule: "an operator's message stands once, or not at all if it was refused",
  check({ runLog, talks }, report) {
    for (const { conversationId, text, outcome, messageId } of runLog.operatorMessages) {
      const talk = talks.get(conversationId);
      if (!talk || talk.deleted) continue;
      const stored = talk.messages.filter((message) => message.sender === "operator" && message.text === text);
      if (
        stored.length > 1 ||
        (outcome === "refused" && stored.length > 0) ||
        (outcome === "stored" && stored.length === 0)
      )
        report(`"${text}" of ${conversationId}: ${outcome}, stands ${stored.length} times`);
      else if (messageId !== undefined && stored[0]?.id !== messageId)
        report(`"${text}" has another id than was answered`);
    }
    return runLog.operatorMessages.length;
  },
};

/** Cuts beyond which somebody was shown words, and by how many bytes. */
export function findWordsBeyondCuts(
  evidence: Evidence,
): { jobId: string; who: string; bytes: number; excused: boolean }[] {
  const { jobs, runLog } = evidence;
  return [...runLog.shown.values()].flatMap(({ jobId, attempt, bytes, who }) => {
    const job = jobs.get(jobId);
    if (job?.errorCode !== "taken_over" || job.deleted || job.attempt !== attempt) return [];
    const beyond = bytes - Buffer.byteLength(job.replies[0]?.text ?? "");
    if (beyond <= 0) return [];
    const calls = evidence.recorded.filter((call) => call.jobId === jobId && call.attempt === attempt);
    const since = Math.min(...calls.map(({ begunAt }) => begunAt));
    return [{ jobId, who, bytes: beyond, excused: wasDraftStoreAway(evidence, job.finishedAt ?? 0, since) }];
  });
}

const checkCuts: Check = {
  rule: "nobody is shown a word beyond a cut while the draft store is there",
  check(evidence, report) {
    for (const { jobId, who, bytes, excused } of findWordsBeyondCuts(evidence)) {
      if (!excused) report(`${who} was shown ${bytes} bytes more`, jobId);
    }
    return [...evidence.jobs.values()].filter(({ errorCode }) => errorCode === "taken_over").length;
  },
};

export const voiceChecks: readonly Check[] = [
  checkEnds,
  checkOneVoice,
  checkStretches,
  checkHandedBack,
  checkOperatorMessages,
  checkCuts,
];
