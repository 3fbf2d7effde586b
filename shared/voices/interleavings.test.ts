import fc from "fast-check";
import { v7 } from "uuid";
import { describe, expect, it } from "vitest";
import { claimJob } from "../db/jobs/claim.ts";
import { appendMessage } from "../db/submit/submit.ts";
import { cancelJob } from "../jobs/cancel-job.ts";
import { deleteConversation } from "../jobs/delete-conversation.ts";
import { endJob } from "../jobs/end-job.ts";
import { retryJob } from "../jobs/retry-job.ts";
import {
  completed,
  followingMessage,
  loseLease,
  openJobs,
  startConversation,
} from "../testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../testing/fixtures/job-context.ts";
import { addOperator } from "../testing/fixtures/operators.ts";
import { close, handOff, release, withdrawHandoff } from "./hand-over.ts";
import { moveStalled } from "./move-stalled.ts";
import { takeOver } from "./take-over.ts";

/** Random interleavings of everybody who acts on a conversation, and what must hold of the log that they leave. */

const actions = [
  "write",
  "write",
  "write",
  "answer",
  "answer",
  "answer",
  "half an answer",
  "fail",
  "die",
  "cancel",
  "retry",
  "ask for a person",
  "back",
  "take",
  "take",
  "say",
  "say",
  "release",
  "to the queue",
  "close",
  "time passes",
  "delete",
] as const;
type Action = (typeof actions)[number];

class Table {
  readonly #context: TestJobContext;
  readonly #conversationId: string;
  readonly #operators: readonly string[];

  constructor(context: TestJobContext, conversationId: string, operators: readonly string[]) {
    this.#context = context;
    this.#conversationId = conversationId;
    this.#operators = operators;
  }

  /** @param who which of the operators, where one acts */
  async act(action: Action, who: number): Promise<unknown> {
    const [context, id] = [this.#context, this.#conversationId];
    const operatorId = this.#operators[who % this.#operators.length] ?? "";
    const leaving = { operatorId, force: false, requestId: null };
    const taking = { operatorId, actorId: operatorId, reason: "taken", force: false } as const;
    const message = { id: v7(), text: "a person's words", operatorId, idempotencyHash: null, requestHash: null };
    const { pool } = context.db;
    const head = async () => (await openJobs(pool, id))[0] ?? "";
    if (action === "write") return appendMessage(pool, followingMessage(id));
    if (action === "die") return loseLease(pool, await head()).catch(() => undefined);
    if (action === "cancel")
      return this.#ofHead(async (jobId) => cancelJob(context, { id: jobId, conversationId: id }));
    if (action === "retry") return this.#retryFailed();
    if (action === "ask for a person") return handOff(context, id, { reason: "asked" });
    if (action === "back") return withdrawHandoff(context, id, null);
    if (action === "take") return takeOver(context, id, taking);
    if (action === "say") return takeOver(context, id, { ...taking, message });
    if (action === "release") return release(context, id, { ...leaving, to: "ai" });
    if (action === "to the queue") return release(context, id, { ...leaving, to: "queue" });
    if (action === "close") return close(context, id, leaving);
    if (action === "time passes") return this.#pass(who);
    if (action === "delete") return who === 0 ? deleteConversation(context, id) : undefined;
    return this.#ofHead(async (jobId) => this.#work(jobId, action));
  }

  /** Minutes, hours or a day without anything. */
  async #pass(who: number): Promise<void> {
    const minutes = [3, 15, 13 * 60, 25 * 60][who % 4];
    const { pool } = this.#context.db;
    const sql = (set: string) => pool.query(set, [this.#conversationId, minutes]);
    await sql(`update conversations set waiting_since = waiting_since - make_interval(mins => $2), updated_at = updated_at - make_interval(mins => $2)
               where id = $1`);
    await sql("update stretches set began_at = began_at - make_interval(mins => $2) where conversation_id = $1");
    await moveStalled(this.#context);
  }

  async #ofHead(work: (jobId: string) => Promise<unknown>): Promise<unknown> {
    const [jobId] = await openJobs(this.#context.db.pool, this.#conversationId);
    return jobId === undefined ? undefined : work(jobId);
  }

  /** A worker's run: claims, writes a draft in two pieces, and ends the job, or dies over it. */
  async #work(jobId: string, how: Action): Promise<unknown> {
    const { db, live } = this.#context;
    const job = await claimJob(db.pool, { jobId, reclaim: true, worker: "a worker" });
    if (!job) return undefined;
    const { attempt } = job;
    await live.append({ jobId, attempt, offset: 0, text: "one " }).catch(() => false);
    await live.append({ jobId, attempt, offset: 4, text: "two" }).catch(() => false);
    if (how === "half an answer") return loseLease(db.pool, jobId);
    const end =
      how === "fail" ? ({ status: "failed", errorCode: "deadline", handoffAfter: 2 } as const) : completed("one two");
    return endJob(this.#context, job, end);
  }

  async #retryFailed(): Promise<unknown> {
    const { rows } = await this.#context.db.pool.query<{ id: string }>(
      "select id from jobs where conversation_id = $1 and status = 'failed' order by turn desc limit 1",
      [this.#conversationId],
    );
    return rows[0] && retryJob(this.#context, rows[0].id);
  }
}

interface LogRow {
  seq: number;
  kind: string;
  sender: string | null;
  status: string | null;
  handled_by: string | null;
  job_id: string | null;
}

/** Whatever contradicts the state machine of docs/architecture.md. */
async function findFaults({ db: { pool } }: TestJobContext, conversationId: string): Promise<string[]> {
  const read = async <Row extends object>(sql: string) => (await pool.query<Row>(sql, [conversationId])).rows;
  const [row] = await read<{
    handled_by: string;
    open: string[];
    event_seq: number;
    message_count: number;
    stretch: number;
    deleted: boolean;
    waits: boolean;
  }>(
    `select handled_by, open_jobs as open, event_seq, message_count, stretch, deleted_at is not null as deleted,
            waiting_since is not null as waits
     from conversations where id = $1`,
  );
  if (!row) return ["there is no conversation"];
  const log = await read<LogRow>(
    `select seq, kind, sender, status, events.handled_by, events.job_id from events
     left join messages on messages.id = message_id where events.conversation_id = $1 order by seq`,
  );
  const jobs = await read<{ id: string; status: string; reply_id: string | null }>(
    "select id, status, reply_id from jobs where conversation_id = $1 order by turn, created_at",
  );
  const open = jobs.filter(({ status }) => status === "queued" || status === "active").map(({ id }) => id);
  if (row.deleted) return open.length === 0 ? [] : ["a job of a deleted conversation is open"];
  const faults: string[] = [];
  const check = (holds: boolean, fault: string) => void (holds || faults.push(fault));
  check(log.length === row.event_seq && log.every(({ seq }, at) => seq === at + 1), "the log has gaps");
  check(open.toSorted().join() === row.open.toSorted().join(), "the open jobs differ from the row's");
  check(row.handled_by !== "operator" || open.length === 0, "the AI works while a person answers");
  check(row.handled_by !== "waiting" || row.waits, "nobody knows since when the visitor waits");
  check(row.handled_by !== "ai" || !row.waits, "the visitor waits for a person while the AI answers");
  const [stretches] = await read<{ no: number; handled_by: string; open: number }>(
    `select max(no) as no, (array_agg(handled_by order by no desc))[1] as handled_by, count(*) filter (where ended_at is null)::int as open
     from stretches where conversation_id = $1`,
  );
  check((stretches?.no ?? 0) === row.stretch, "the stretches end with another number");
  if (row.stretch > 0)
    check(stretches?.handled_by === row.handled_by && stretches.open === 1, "the last stretch differs");
  const [messages] = await read<{ count: number }>("select count(*)::int from messages where conversation_id = $1");
  check(messages?.count === row.message_count, "the messages are not counted");
  return [...faults, ...walk(log, row.handled_by)];
}

/** Follows the log as a client does. */
function walk(log: readonly LogRow[], handledBy: string): string[] {
  let voice = "ai";
  const faults: string[] = [];
  const queued = new Set<string>();
  for (const { kind, sender, status, handled_by: now, job_id: job } of log) {
    if (kind === "handling") voice = now ?? "ai";
    if (kind === "message" && sender === "ai" && voice === "operator")
      faults.push("the AI speaks while a person answers");
    if (kind === "message" && sender === "operator" && voice !== "operator")
      faults.push("a person speaks before they answer");
    if (kind !== "job" || job === null) continue;
    if (status === "queued") {
      if (voice === "operator") faults.push("a job begins while a person answers");
      queued.add(job);
    } else if (now === null && !queued.delete(job)) faults.push("a job ends that was not open");
  }
  if (voice !== handledBy) faults.push(`the log ends with ${voice}, the row says ${handledBy}`);
  return faults;
}

describe.each(jobStores)("who answers, whatever happens at once, on $name", ({ available, openJobs: openContext }) => {
  it.runIf(available)("keeps one voice at a time, and tells it in order", { timeout: 60_000 }, async () => {
    await using context = await openContext();
    const operators = await Promise.all([0, 1].map(async () => (await addOperator(context.db.pool)).id));
    const step = fc.record({ action: fc.constantFrom(...actions), who: fc.nat(5) });
    // Each inner list runs at once.
    const plan = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 4, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(plan, async (rounds) => {
        const { conversationId } = await startConversation(context.db.pool);
        const table = new Table(context, conversationId, operators);
        for (const steps of rounds) {
          await Promise.all(steps.map(({ action, who }) => table.act(action, who)));
        }
        expect(await findFaults(context, conversationId)).toEqual([]);
      }),
      { numRuns: Number(process.env["INTERLEAVINGS"] ?? 60), endOnFailure: true },
    );
  });
});
