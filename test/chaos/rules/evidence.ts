import { readFile } from "node:fs/promises";
import type { Pool } from "pg";
import type { FakeCallEnd } from "../../../tools/fake-provider/fake-calls.ts";
import type { FakeCall } from "../../../tools/fake-provider/fake-provider.ts";
import { newestMessage } from "../../system/harness/scripted-provider.ts";
import { type KnowledgeEvidence, readKnowledge } from "../knowledge/passage-history.ts";
import type { RunLog } from "../run-log.ts";
import { findErasureResidue, type ErasureResidue } from "../erasure-residue.ts";
import type { ChaosTestbed } from "../testbed.ts";
import type { FakeReply } from "../faulty-provider.ts";
import { millis, readTalks, type Talk } from "./talks.ts";

/** Final state of a job, with its message and its reply. Times are Unix milliseconds. */
export interface JobEvidence {
  id: string;
  conversationId: string;
  /** Message that it answers. A message handed back to the assistant gets another job. */
  messageId: string;
  /** Side that answered when it ended without the AI. */
  handledBy: string | null;
  /** True if its conversation was deleted: no text of it is left. */
  deleted: boolean;
  turn: number;
  status: string;
  attempt: number;
  run: number;
  deaths: number;
  errorCode: string | null;
  provider: string | null;
  text: string;
  /** Attempt whose deltas form the reply. */
  replyAttempt: number | null;
  replyId: string | null;
  /** `handedIn`: the words of a cut, stored after it. */
  replies: { text: string; fallback: boolean; finishReason: string; handedIn: boolean }[];
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
}

/** A row of the table of calls. */
export interface LedgerEntry {
  jobId: string;
  attempt: number;
  outcome: string | null;
  begunAt: number;
  settledAt: number | null;
}

/** A call as the provider saw it. */
export interface SeenCall {
  job: JobEvidence | undefined;
  /** Process and number of its run, e.g. `worker-1/3`. */
  caller: string;
  prompt: FakeCall["request"]["messages"];
  /** Scripted reply, unless the call was refused. */
  reply: FakeReply | undefined;
  from: number;
  to: number;
  how: FakeCallEnd["how"];
}

export interface Evidence {
  runLog: RunLog;
  jobs: ReadonlyMap<string, JobEvidence>;
  /** Part that holds the drafts. */
  draftStore: "redis" | "postgres";
  /** Conversations with their logs, by id; those of the soak are left out. */
  talks: ReadonlyMap<string, Talk>;
  recorded: readonly LedgerEntry[];
  seen: readonly SeenCall[];
  /** Logs of each process, by name. */
  logs: ReadonlyMap<string, string>;
  /** Data left of deleted conversations, with the id of each. */
  remains: readonly ErasureResidue[];
  knowledge: KnowledgeEvidence;
  /** Time at which all parts had recovered. */
  healedAt: number;
}

/** A rule for a run. */
export interface Check {
  rule: string;
  /**
   * Reports each breach.
   * @returns the number of objects checked
   */
  check(evidence: Evidence, report: (detail: string, jobId?: string) => void): number;
}

export async function collectEvidence(testbed: ChaosTestbed, runLog: RunLog, healedAt: number): Promise<Evidence> {
  const jobs = new Map((await readJobs(testbed.pool)).map((job) => [job.id, job]));
  const byText = Map.groupBy(jobs.values(), ({ text }) => text);
  // Deleted conversations are known only to the visitors.
  for (const [text, { jobId }] of runLog.sent) {
    const job = jobs.get(jobId ?? "");
    if (job?.deleted)
      byText.set(
        text,
        [...jobs.values()].filter(({ messageId }) => messageId === job.messageId),
      );
  }
  const { fake, replies } = testbed.upstream;
  const seen = await Promise.all(
    fake.calls.map(async (call): Promise<SeenCall> => {
      const { how, at } = await call.ended;
      return {
        job: jobOf(
          byText.get(newestMessage(call.request.messages) ?? "") ?? [],
          performance.timeOrigin + call.startedAt,
        ),
        caller: String(call.request.headers.authorization).replace("Bearer ", ""),
        prompt: call.request.messages.filter(({ role }) => role !== "system").map(withoutPassages),
        reply: replies.get(call),
        from: performance.timeOrigin + call.startedAt,
        to: performance.timeOrigin + at,
        how,
      };
    }),
  );
  const logs = new Map<string, string>();
  for (const { name, logFile } of testbed.processes) logs.set(name, await readFile(logFile, "utf8"));
  const [recorded, remains] = [await readCalls(testbed.pool), await findErasureResidue(testbed)];
  const talks = await readTalks(testbed.pool, runLog.logEnd);
  const knowledge = await readKnowledge(testbed.pool);
  const draftStore = testbed.redis || testbed.replicated ? "redis" : "postgres";
  return { runLog, jobs, talks, draftStore, recorded, seen, logs, remains, knowledge, healedAt };
}

/** A message as the visitor wrote it: passages of the site stand before the newest one. */
function withoutPassages<T extends { text: string }>(message: T): T {
  return { ...message, text: message.text.replace(/Passages of the site's pages[^]*?<\/passages>\n\n/, "") };
}

/** Finds the last job of a message that had begun at a time. */
function jobOf(jobs: readonly JobEvidence[], at: number): JobEvidence | undefined {
  const begun = jobs.filter(({ startedAt }) => startedAt !== null && startedAt <= at);
  return begun.toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0)).at(-1) ?? jobs[0];
}

async function readJobs(pool: Pool): Promise<JobEvidence[]> {
  const { rows } = await pool.query<JobEvidence>(`
    select jobs.id, jobs.conversation_id as "conversationId", message_id as "messageId", jobs.handled_by as "handledBy", jobs.turn, status, attempt, run, deaths,
           reply_attempt as "replyAttempt", reply_id as "replyId",
           error_code as "errorCode", jobs.provider, coalesce(asked.text, '') as text,
           conversations.deleted_at is not null as deleted,
           coalesce((select json_agg(json_build_object('text', text, 'fallback', fallback, 'finishReason', finish_reason,
                                                              'handedIn', created_at > finished_at))
                     from messages where id = jobs.reply_id),
                    '[]') as replies,
           ${millis("jobs.created_at")} as "createdAt", ${millis("started_at")} as "startedAt",
           ${millis("finished_at")} as "finishedAt"
    from jobs join conversations on conversations.id = jobs.conversation_id
              left join messages asked on asked.id = jobs.message_id
    order by jobs.conversation_id, jobs.turn, jobs.created_at`);
  return rows;
}

async function readCalls(pool: Pool): Promise<LedgerEntry[]> {
  const { rows } = await pool.query<LedgerEntry>(`
    select job_id as "jobId", attempt, outcome, ${millis("begun_at")} as "begunAt", ${millis("settled_at")} as "settledAt"
    from calls where provider <> 'preset' order by begun_at`);
  return rows;
}
