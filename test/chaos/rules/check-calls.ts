import { newestMessage } from "../../system/harness/scripted-provider.ts";
import { quoteOperator } from "../../../services/worker/run/prompt-quoting.ts";
import { findMessagesBesidePeople } from "./check-voices.ts";
import type { Check, JobEvidence, SeenCall } from "./evidence.ts";
import type { FaultRecord } from "../run-log.ts";
import type { Talk } from "./talks.ts";
import { replyMark } from "../faulty-provider.ts";

/**
 * Tolerance for the end of a call: the fake and its clients share a machine, so it may see a connection's end a little
 * after the next call.
 */
const noticeMs = 400;
/** Time in which a disconnected worker continues its work, until it learns that it has lost its job. */
const wakingMs = 1000;
/** Time in which a worker learns that a person took its job over, if the hint is lost: a renewal, on a busy machine. */
const learningMs = 2500;

export const checkCallsOneAtATime: Check = {
  rule: "one provider call at a time per conversation",
  check({ seen, runLog }, report) {
    for (const calls of Map.groupBy(seen, ({ job }) => job?.conversationId).values()) {
      const inOrder = calls.toSorted((a, b) => a.from - b.from);
      for (const [index, call] of inOrder.entries()) {
        for (const before of inOrder.slice(0, index)) {
          if (before.to - noticeMs <= call.from) continue;
          // A worker disconnected for longer than its lease cannot know that another one has its job. It may be in the
          // middle of a call, or about to make a recorded one.
          const workers = [before, call].map(({ caller }) => caller.split("/")[0] ?? "");
          const cutOff = runLog.faultsOf(workers, before.from, call.from, wakingMs).some(isCutOff);
          if (!cutOff && !wasTakenOver(before))
            report(`${call.caller} called the provider during a call of ${before.caller}`, call.job?.id);
        }
      }
    }
    return seen.length;
  },
};

/** True if a person took over in the middle of a call, and its worker ended it about when it learned of that. */
function wasTakenOver({ job, to }: SeenCall): boolean {
  return job?.errorCode === "taken_over" && to - (job.finishedAt ?? 0) <= learningMs;
}

function isCutOff({ kind }: FaultRecord): boolean {
  return kind === "zombie" || kind === "freeze-worker" || kind === "partition-worker";
}

export const checkPrompts: Check = {
  rule: "a prompt contains the conversation so far, in order of turns, and ends with the job's message",
  check({ seen, talks, runLog }, report) {
    for (const { job, prompt } of seen) {
      // The messages of a deleted conversation are unknown.
      if (job?.deleted || runLog.deleted.has(runLog.sent.get(newestMessage(prompt) ?? "")?.conversationId ?? ""))
        continue;
      if (!job) {
        report(`a prompt that does not end with a visitor's message: "${prompt.at(-1)?.text}"`);
        continue;
      }
      const talk = talks.get(job.conversationId);
      // A conversation of the soak.
      if (!talk) continue;
      // Consecutive messages without a reply are sent as one, with a blank line between them.
      const shown = joined(prompt.map(({ text }) => text));
      const said = joined(saidBefore(job, talk));
      // A cut may be handed in when the next job has begun.
      const saidInTime = joined(saidBefore(job, talk, findMessagesBesidePeople(talk)));
      if (!said.endsWith(shown) && !saidInTime.endsWith(shown))
        report(`"${shown}" is not the end of "${said}"`, job.id);
    }
    return seen.length;
  },
};

function joined(texts: readonly string[]): string {
  return `\n\n${texts.join("\n\n")}`;
}

function saidBefore(
  job: JobEvidence,
  { messages }: Talk,
  late: readonly { row: { messageId: string | null } }[] = [],
): string[] {
  let person = false;
  const before = messages.filter(({ turn, id }) => turn < job.turn && !late.some(({ row }) => row.messageId === id));
  const texts = before.map(({ sender, text }) => {
    const first = !person;
    person = sender === "operator" || (person && sender === "user");
    return sender === "operator" ? quoteOperator(text, { first }) : text;
  });
  return [...texts, job.text];
}

export const checkRepliesAreWhole: Check = {
  rule: "a stored reply equals the text of one call",
  check({ jobs, seen }, report) {
    const byMessage = Map.groupBy(seen, ({ job }) => job?.messageId);
    for (const job of jobs.values()) {
      const [reply] = job.replies;
      // Presets are not the provider's words.
      if (!reply?.text.startsWith(replyMark)) continue;
      const calls = byMessage.get(job.messageId) ?? [];
      const said = ({ reply: spoken }: SeenCall) => {
        const shown = mark.test(spoken?.text ?? "") ? compact : String;
        const [text, stored] = [shown(spoken?.text ?? ""), shown(reply.text)];
        return job.status === "cancelled" ? text.startsWith(stored) : spoken?.whole && text === stored;
      };
      if (!calls.some(said))
        report(`"${reply.text.slice(0, 80)}" equals the text of none of ${calls.length} calls`, job.id);
    }
    return jobs.size;
  },
};

/** Number of a passage as the provider writes it. It is taken out with the white space around it, where there are passages. */
const mark = /\[\d\]/;

function compact(text: string): string {
  return text.replaceAll(/\[\d\]|\s+/g, "");
}

export const checkLedger: Check = {
  rule: "every call made is recorded, and every recorded call was made",
  check({ seen, recorded, jobs, runLog }, report) {
    // A late call of a job that was taken over looks like one of the next job of its message.
    const seenByMessage = Map.groupBy(seen, ({ job }) => job?.messageId);
    const recordedByMessage = Map.groupBy(recorded, ({ jobId }) => jobs.get(jobId)?.messageId);
    for (const { id, messageId } of jobs.values()) {
      const made = seenByMessage.get(messageId) ?? [];
      const rows = recordedByMessage.get(messageId) ?? [];
      if (made.length > rows.length) report(`${made.length} calls were made, ${rows.length} are recorded`, id);
      if (made.length >= rows.length) continue;
      // A call is recorded before it is made. It was then not made, as its worker was killed or stopped, or the
      // provider was down.
      const workers = ["worker-1", "worker-2", "worker-3", "worker-4", "provider"];
      const explained = rows.some(
        ({ outcome, begunAt, settledAt }) =>
          outcome === "stopped" || runLog.faultsOf(workers, begunAt, settledAt ?? Date.now(), 3000).length > 0,
      );
      if (!explained) report(`${rows.length} calls are recorded, ${made.length} were made`, id);
    }
    for (const { jobId, settledAt } of recorded)
      if (settledAt === null) report("a recorded call is not settled", jobId);
    return recorded.length;
  },
};
