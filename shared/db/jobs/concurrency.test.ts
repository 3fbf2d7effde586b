import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { Pool } from "pg";
import { describe, expect, it } from "vitest";
import { completed, followingMessage, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { quietLog } from "../../testing/fixtures/quiet-log.ts";
import { claimJob } from "./claim.ts";
import { openDatabase } from "../database.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { cancelQueuedJob, storeJobEnd } from "./end.ts";
import { markDue, takeDueJobs } from "./reconcile.ts";
import { appendMessage } from "../submit/submit.ts";

/**
 * Everybody at once: visitors who write, cancel and delete, workers who claim and end. The queue here is as good as a
 * queue can be, and no better: what a statement names as the head is delivered once, and nothing is put back. So a head
 * that no statement names is never answered.
 */
class Rush {
  /** Pools of several processes: calls that one of them joins into a statement meet those of the others. */
  readonly #pools: readonly Pool[];
  #next = 0;
  readonly #queue: string[] = [];
  /** Number of tasks that may still put something into the queue. */
  #busy = 0;
  readonly accepted: { id: string; conversationId: string }[] = [];
  readonly ended: string[] = [];

  constructor(pools: readonly Pool[]) {
    this.#pools = pools;
  }

  get #pool(): Pool {
    const pool = this.#pools[this.#next++ % this.#pools.length];
    if (!pool) throw new Error("there is no pool");
    return pool;
  }

  submit(conversationId: string, count: number): Promise<void> {
    return this.#whileBusy(async () => {
      for (let sent = 0; sent < count;) {
        const row = followingMessage(conversationId);
        const accepted = await appendMessage(this.#pool, row);
        if (!accepted) continue;
        sent += 1;
        this.accepted.push({ id: row.jobId, conversationId });
        if (accepted.head) this.#queue.push(row.jobId);
      }
    });
  }

  cancelSome(count: number): Promise<void> {
    return this.#whileBusy(async () => {
      for (let done = 0; done < count; done += 1) {
        await yieldToOthers();
        const job = pick(this.accepted);
        if (!job) continue;
        const cancelled = await cancelQueuedJob(this.#pool, job);
        if (cancelled) this.ended.push(job.id);
        if (cancelled?.nextJobId) this.#queue.push(cancelled.nextJobId);
      }
    });
  }

  /** Does to rows what a reconciler does; the jobs it finds are not put into this queue. */
  disturb(count: number): Promise<void> {
    return this.#whileBusy(async () => {
      for (let done = 0; done < count; done += 1) {
        const all = this.accepted.map(({ id }) => id);
        await markDue(this.#pool, all);
        await takeDueJobs(this.#pool);
      }
    });
  }

  async work(): Promise<void> {
    while (this.#busy > 0 || this.#queue.length > 0) {
      const jobId = this.#queue.shift();
      if (jobId === undefined) await yieldToOthers();
      else await this.#whileBusy(() => this.#answer(jobId));
    }
  }

  async #answer(jobId: string): Promise<void> {
    const job = await claimJob(this.#pool, { jobId, reclaim: false, worker: "a worker" });
    if (!job) return;
    const end = await storeJobEnd(this.#pool, { job, end: completed(`to ${jobId}`) });
    if (!end) throw new Error("a job ended without its worker");
    this.ended.push(jobId);
    if (end.nextJobId !== null) this.#queue.push(end.nextJobId);
  }

  async #whileBusy(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    try {
      await work();
    } finally {
      this.#busy -= 1;
    }
  }
}

function pick<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)];
}

async function startConversations(db: OpenTestDatabase, count: number): Promise<string[]> {
  const jobs = await Promise.all(Array.from({ length: count }, () => startConversation(db.pool)));
  for (const job of jobs) await cancelQueuedJob(db.pool, job);
  return jobs.map(({ conversationId }) => conversationId);
}

describe("concurrent submits, cancels and replies", () => {
  it("lose no head, end each job once, and keep every conversation's order", async () => {
    await using db = await openTestDatabase();
    await using stack = new AsyncDisposableStack();
    const others = Array.from({ length: 2 }, () => stack.adopt(openDatabase(db.url, quietLog()), (one) => one.close()));
    const conversationIds = await startConversations(db, 12);
    const rush = new Rush([db, ...others].map(({ pool }) => pool));
    await Promise.all([
      ...conversationIds.flatMap((id) => [rush.submit(id, 30), rush.submit(id, 30)]),
      rush.cancelSome(400),
      rush.disturb(20),
      ...Array.from({ length: 30 }, () => rush.work()),
    ]);

    expect(rush.accepted).toHaveLength(720);
    expect(rush.ended.toSorted()).toEqual(rush.accepted.map(({ id }) => id).toSorted());
    for (const conversationId of conversationIds) {
      const { rows: conversations } = await db.pool.query(
        `select open_jobs, next_turn, message_count = (select count(*) from messages where conversation_id = $1) as counted
         from conversations where id = $1`,
        [conversationId],
      );
      expect(conversations).toEqual([{ open_jobs: [], next_turn: 62, counted: true }]);
      const { rows: answered } = await db.pool.query<{ turn: number }>(
        "select turn from jobs where conversation_id = $1 and status = 'completed' order by started_at, finished_at",
        [conversationId],
      );
      const turns = answered.map(({ turn }) => turn);
      expect(turns).toEqual(turns.toSorted((a, b) => a - b));
    }
  });
});

describe("deleting a conversation during other writes", () => {
  it("leaves no message, open job or later reply", async () => {
    await using db = await openTestDatabase();
    for (let round = 0; round < 25; round += 1) {
      const first = await startConversation(db.pool);
      const { conversationId } = first;
      const claimed = await claimJob(db.pool, { jobId: first.id, reclaim: false, worker: "a worker" });
      if (!claimed) throw new Error("the job is there to be claimed");
      const submits = Array.from({ length: 3 }, () => followingMessage(conversationId));
      const calls: (() => Promise<unknown>)[] = [
        ...submits.map((row) => () => appendMessage(db.pool, row)),
        () => storeJobEnd(db.pool, { job: claimed, end: completed() }),
        ...submits.map(
          ({ jobId }) =>
            () =>
              cancelQueuedJob(db.pool, { id: jobId, conversationId }),
        ),
        ...submits.map(
          ({ jobId }) =>
            () =>
              claimJob(db.pool, { jobId, reclaim: true, worker: "a worker" }),
        ),
      ];
      calls.splice(round % calls.length, 0, () => storeTombstone(db.pool, conversationId));
      await Promise.all(calls.map((call) => call()));

      const { rows } = await db.pool.query(
        `select deleted_at is not null as deleted, message_count,
                (select count(*)::int from messages where conversation_id = $1) as messages,
                (select count(*)::int from jobs where conversation_id = $1 and status in ('queued', 'active')) as open
         from conversations where id = $1`,
        [conversationId],
      );
      expect(rows).toEqual([{ deleted: true, message_count: 0, messages: 0, open: 0 }]);
    }
  });
});
