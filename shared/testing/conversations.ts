import type { Pool } from "pg";
import { v4, v7 } from "uuid";
import { claimJob, type ClaimedJob } from "../db/claim.ts";
import { endJob, type JobEnd } from "../db/end.ts";
import {
  appendMessage,
  insertConversation,
  type FollowingMessage,
  type ImportedMessage,
  type NewConversation,
} from "../db/submit.ts";

/** A job as most statements want it named. */
export interface TestJob {
  id: string;
  conversationId: string;
  messageId: string;
}

/** Accepts the first message of a new conversation; its job is the head. */
export async function startConversation(pool: Pool, row: Partial<NewConversation> = {}): Promise<TestJob> {
  const message = newConversation(row);
  await insertConversation(pool, message);
  return { id: message.jobId, conversationId: message.conversationId, messageId: message.messageId };
}

export function newConversation(row: Partial<NewConversation> = {}): NewConversation {
  return {
    ...newMessage(v4()),
    assistantType: "default",
    provider: null,
    metadata: {},
    history: [],
    turn: 1,
    ...row,
  };
}

/** Accepts one more message of a conversation. */
export async function followUp(
  pool: Pool,
  conversationId: string,
  row: Partial<FollowingMessage> = {},
): Promise<TestJob & { head: boolean }> {
  const message = followingMessage(conversationId, row);
  const accepted = await appendMessage(pool, message);
  if (!accepted) throw new Error("the message was not accepted");
  return { id: message.jobId, conversationId, messageId: message.messageId, ...accepted };
}

export function followingMessage(conversationId: string, row: Partial<FollowingMessage> = {}): FollowingMessage {
  return {
    ...newMessage(conversationId),
    assistantType: null,
    provider: null,
    metadata: null,
    maxUnanswered: 5,
    pace: { maxMessages: 1000, windowMs: 900_000 },
    ...row,
  };
}

function newMessage(conversationId: string) {
  return {
    conversationId,
    messageId: v7(),
    jobId: v7(),
    text: "a question",
    idempotencyHash: null,
    requestHash: null,
    requestId: "request-1",
    visitorHash: null,
  };
}

export function importedMessage(
  turn: number,
  sender: ImportedMessage["sender"],
  row: Partial<ImportedMessage> = {},
): ImportedMessage {
  return { id: v7(), turn, sender, text: `${sender} ${turn}`, timestamp: 1_700_000_000_000, ...row };
}

/** Claims a job that is there to be claimed. */
export async function claim(pool: Pool, jobId: string): Promise<ClaimedJob> {
  const job = await claimJob(pool, jobId, true, "a worker");
  if (!job) throw new Error("the job was not to be had");
  return job;
}

/** An end with a reply. */
export function completed(text = "an answer"): JobEnd {
  return {
    status: "completed",
    reply: { id: v7(), text, finishReason: "stop", fallback: false },
    provider: "preset",
    model: "test-model",
    inputTokens: 3,
    outputTokens: 5,
  };
}

/** Claims a job and ends it with a reply, as a worker does; gives the conversation's next job. */
export async function answer(pool: Pool, jobId: string, text?: string): Promise<string | null> {
  const ended = await endJob(pool, await claim(pool, jobId), completed(text));
  if (!ended) throw new Error("the job was not ended");
  return ended.nextJobId;
}

/** As if its worker had been silent for longer than a lease. */
export async function loseLease(pool: Pool, jobId: string): Promise<void> {
  await pool.query("update jobs set lease_until = now() - interval '1 s' where id = $1", [jobId]);
}

/** Columns of one row of jobs, as they are now. */
export async function readColumns(pool: Pool, jobId: string): Promise<Record<string, unknown>> {
  const { rows } = await pool.query<Record<string, unknown>>("select * from jobs where id = $1", [jobId]);
  return rows[0] ?? {};
}

/** A conversation's row as it is; `{}` if there is none. */
export async function readConversationColumns(pool: Pool, id: string): Promise<Record<string, unknown>> {
  const { rows } = await pool.query<Record<string, unknown>>("select * from conversations where id = $1", [id]);
  return rows[0] ?? {};
}

/** The jobs of a conversation that have not ended, in their order, as its row has them. */
export async function openJobs(pool: Pool, conversationId: string): Promise<string[]> {
  const { rows } = await pool.query<{ open: string[] }>("select open_jobs as open from conversations where id = $1", [
    conversationId,
  ]);
  return rows[0]?.open ?? [];
}

/**
 * Starts statements one after another while a conversation's row is locked by somebody else, each once the one before it
 * waits; then lets go of the row. So they meet in that order, all having begun before the first one is done.
 * @param meanwhile done while they wait
 */
export async function queueBehindRow<T>(
  pool: Pool,
  conversationId: string,
  statements: readonly (() => Promise<T>)[],
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<PromiseSettledResult<T>[]> {
  const holder = await pool.connect();
  try {
    await holder.query("begin");
    await holder.query("select from conversations where id = $1 for update", [conversationId]);
    const running: Promise<T>[] = [];
    for (const statement of statements) {
      running.push(statement());
      await waitingForLocks(holder, running.length);
    }
    await meanwhile();
    await holder.query("commit");
    return await Promise.allSettled(running);
  } finally {
    // Thrown away: it may still be in the middle of its transaction.
    holder.release(true);
  }
}

/** Resolves when so many connections of this database wait for a lock. */
export async function waitingForLocks(db: Pick<Pool, "query">, count: number): Promise<void> {
  const deadline = performance.now() + 2000;
  for (;;) {
    await db.query("select pg_stat_clear_snapshot()");
    const { rows } = await db.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) >= count) return;
    if (performance.now() > deadline) throw new Error(`there are no ${count} connections that wait for a lock`);
  }
}
