import { sourceChecks } from "../knowledge/check-sources.ts";
import { checkCallsOneAtATime, checkLedger, checkPrompts, checkRepliesAreWhole } from "./check-calls.ts";
import { checkClients, checkOutagePosts, checkRequests, checkStreamsEndSoon } from "./check-clients.ts";
import { checkReaders } from "./check-readers.ts";
import { voiceChecks } from "./check-voices.ts";
import { checkWaits, percentileOf } from "./check-waits.ts";
import type { Check, Evidence, JobEvidence } from "./evidence.ts";
import type { Breach } from "../run-log.ts";
import type { Talk } from "./talks.ts";

/** Result of checking a run against one rule. */
export interface CheckResult {
  rule: string;
  /** Number of objects checked. */
  checked: number;
  breaches: Breach[];
}

/** Minimum samples of a process' memory in a third of its life; fewer show no trend. */
const leastSamples = 6;

function median(numbers: readonly number[]): number {
  return percentileOf(
    numbers.toSorted((a, b) => a - b),
    50,
  );
}

/** A message that was handed back has several jobs, one after another. */
function inOrder(a: JobEvidence, b: JobEvidence): number {
  return a.turn - b.turn || a.createdAt - b.createdAt;
}

const ended = new Set(["completed", "failed", "cancelled"]);

/** True if the first job ended without a reply, whoever ended it, and the second was made as the AI got the conversation back. */
function wasHandedBack(first: JobEvidence, second: JobEvidence, talk: Talk | undefined): boolean {
  if (first.messageId !== second.messageId || first.replies.length > 0 || talk === undefined) return false;
  const end = talk.log.findLastIndex(({ jobId }) => jobId === first.id);
  const made = talk.log.findIndex(({ jobId }) => jobId === second.id);
  // In the log, the change of who answers comes after the job.
  return talk.log.slice(end + 1, made + 2).some(({ kind, handledBy }) => kind === "handling" && handledBy === "ai");
}

const checks: readonly Check[] = [
  {
    rule: "every accepted message ended, once, with a reply, a reason, or a person who answers",
    check({ runLog, jobs }, report) {
      for (const { jobId, text } of runLog.accepted) {
        const job = jobs.get(jobId);
        if (!job) report(`accepted, but has no row: "${text}"`, jobId);
        else if (!ended.has(job.status)) report(`still ${job.status}`, jobId);
        else if (job.deleted) continue;
        else if (job.replies.length > 1) report(`${job.replies.length} replies`, jobId);
        else if (job.status === "completed" && job.replies.length === 0 && job.handledBy === null)
          report("completed without a reply", jobId);
        else if (job.status === "completed" && job.replies.length > 0 && job.handledBy !== null)
          report(`has a reply, though ${job.handledBy} answers`, jobId);
        else if (job.status !== "completed" && job.errorCode === null) report(`${job.status} without a reason`, jobId);
      }
      return runLog.accepted.length;
    },
  },
  {
    rule: "one message makes one job, and another only when it is handed back to the AI",
    check({ jobs, talks }, report) {
      const texts = new Map<string, JobEvidence>();
      for (const job of jobs.values()) {
        if (job.deleted) continue;
        const other = texts.get(job.text);
        if (other && !wasHandedBack(other, job, talks.get(job.conversationId)))
          report(`"${job.text}" has another job, ${other.id}`, job.id);
        texts.set(job.text, job);
      }
      return jobs.size;
    },
  },
  {
    rule: "each message of the AI is the reply of one job",
    check({ jobs, talks }, report) {
      const messages = [...talks.values()].flatMap((talk) => talk.messages.filter(({ sender }) => sender === "ai"));
      const replies = Map.groupBy(jobs.values(), ({ replyId }) => replyId);
      for (const { id } of messages) {
        const of = replies.get(id) ?? [];
        if (of.length !== 1) report(`message ${id} is the reply of ${of.length} jobs`, of[0]?.id);
      }
      return messages.length;
    },
  },
  {
    rule: "a job that was cancelled in the queue stays so",
    check({ runLog, jobs }, report) {
      for (const jobId of runLog.cancelled) {
        const job = jobs.get(jobId);
        if (job?.status !== "cancelled" || job.replies.length > 0) report(`it is ${job?.status}`, jobId);
      }
      return runLog.cancelled.length;
    },
  },
  {
    rule: "messages of a conversation keep the order of sending",
    check({ runLog, jobs }, report) {
      for (const [conversation, sent] of Map.groupBy(runLog.accepted, ({ conversationId }) => conversationId)) {
        for (const first of sent) {
          for (const second of sent) {
            if (first.acceptedAt >= second.sentAt) continue;
            const [earlier, later] = [jobs.get(first.jobId), jobs.get(second.jobId)];
            if (earlier && later && earlier.turn > later.turn)
              report(`has a lower turn than an earlier message of ${conversation}`, later.id);
          }
        }
      }
      return runLog.accepted.length;
    },
  },
  {
    rule: "jobs of a conversation are answered in order, one at a time",
    check({ jobs }, report) {
      for (const ofOne of Map.groupBy(jobs.values(), ({ conversationId }) => conversationId).values()) {
        const begun = ofOne.filter(({ startedAt }) => startedAt !== null).toSorted(inOrder);
        begun.forEach((job, index) => {
          const before = begun[index - 1];
          if (before && (before.finishedAt ?? Number.POSITIVE_INFINITY) > (job.startedAt ?? 0)) {
            report(`it began before the end of ${before.id}, the job before it`, job.id);
          }
        });
      }
      return jobs.size;
    },
  },
  {
    rule: "a reply belongs to the last attempt: a run that lost its job writes nothing",
    check({ jobs }, report) {
      for (const { id, attempt, replyAttempt } of jobs.values()) {
        if (replyAttempt !== null && replyAttempt !== attempt)
          report(`the reply is of attempt ${replyAttempt}, not ${attempt}`, id);
      }
      return jobs.size;
    },
  },
  checkCallsOneAtATime,
  checkPrompts,
  checkRepliesAreWhole,
  checkLedger,
  checkClients,
  checkReaders,
  ...voiceChecks,
  ...sourceChecks,
  checkStreamsEndSoon,
  checkWaits,
  checkRequests,
  checkOutagePosts,
  {
    rule: "nothing of a deleted conversation is left",
    check({ runLog, jobs, remains }, report) {
      for (const { conversationId, what } of remains) report(`${what} of ${conversationId}`);
      const gone = new Set(
        [...jobs.values()].flatMap(({ deleted, conversationId }) => (deleted ? conversationId : [])),
      );
      for (const [conversationId, answered] of runLog.deleted) {
        if (answered && !gone.has(conversationId)) report(`${conversationId} still exists`);
      }
      return runLog.deleted.size;
    },
  },
  {
    rule: "the memory of no process keeps growing",
    check({ runLog }, report) {
      for (const [name, samples] of runLog.memory) {
        const third = Math.floor(samples.length / 3);
        if (third < leastSamples) continue;
        const [middle, last] = [median(samples.slice(third, 2 * third)), median(samples.slice(-third))];
        if (last > middle * 1.25 + 20) report(`${name}: from ${middle} MB to ${last} MB`);
      }
      return runLog.memory.size;
    },
  },
  {
    rule: "no unexpected errors in any log",
    check({ logs }, report) {
      for (const [name, log] of logs) {
        for (const line of log.split("\n")) {
          // A line other than JSON is from Node itself, about to exit.
          const bad = line.startsWith("{")
            ? /"level":60|"msg":"(unhandledRejection|uncaughtException|unexpected)"/.test(line)
            : /\b(Error|Warning)\b/.test(line);
          if (bad) report(`${name}: ${line.slice(0, 600)}`);
        }
      }
      return logs.size;
    },
  },
];

/** Checks a run against every rule. Breaches noticed during the run are listed first, under their own rules. */
export function checkAll(evidence: Evidence): CheckResult[] {
  const results = checks.map((check): CheckResult => {
    const { rule } = check;
    const breaches: Breach[] = [];
    const checked = check.check(evidence, (detail, jobId) => breaches.push({ rule, detail, jobId }));
    return { rule, checked, breaches };
  });
  const noticed = Map.groupBy(evidence.runLog.breaches, ({ rule }) => rule);
  return [...[...noticed].map(([rule, breaches]) => ({ rule, checked: breaches.length, breaches })), ...results];
}
