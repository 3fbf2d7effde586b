import type { Pool, PoolClient } from "pg";
import { databaseQueryMs, interval } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** A thread at its provider. */
export interface KeptThread {
  provider: string;
  id: string;
}

/** Delay after which an abandoned statement can no longer write into its thread. */
const settled = interval(databaseQueryMs);

export const bindThreadStatement: Statement<Columns<"conversations", "id">> = {
  name: "bind-thread",
  // Both rows are locked, the conversation's first, as everywhere. A delete or another run that held the lock is then
  // visible.
  text: `
    with old as materialized (
      select id, thread_id, thread_provider, thread_adopted from conversations
      where id = $5 and deleted_at is null for update
    ), held as materialized (
      select old.* from old, jobs
      where jobs.id = $1 and jobs.run = $2 and jobs.status = 'active' for share of jobs
    ), unused as (
      insert into thread_deletions (provider, thread_id, due_at)
      select thread_provider, thread_id, now() + ${settled} from held
      where thread_id is not null and not thread_adopted and thread_id <> $4
      on conflict do nothing
    )
    update conversations
    set thread_id = $4, thread_provider = $3, thread_turn = null, thread_adopted = false
    from held where conversations.id = held.id
    returning conversations.id`,
};

/**
 * Binds a thread to the conversation, for the run that created it. Queues the previous thread for deletion. Idempotent.
 * @returns `false`: the job no longer belongs to this run, and the new thread has no owner
 */
export async function bindThread(
  pool: Pool,
  job: { id: string; conversationId: string; run: number },
  thread: KeptThread,
): Promise<boolean> {
  const values = [job.id, job.run, thread.provider, thread.id, job.conversationId];
  return (await query(pool, bindThreadStatement, values)).length === 1;
}

export const discardThreadStatement: Statement = {
  name: "discard-thread",
  text: `
    insert into thread_deletions (provider, thread_id, due_at) values ($1, $2, now() + ${settled}) on conflict do nothing`,
};

/** Queues a thread for deletion at its provider. */
export async function discardThread(db: Pick<Pool | PoolClient, "query">, thread: KeptThread): Promise<void> {
  await query(db, discardThreadStatement, [thread.provider, thread.id]);
}

/**
 * Maximum pause between tries. A provider that is up again is asked within this, so a visitor's words do not stay there
 * for two more minutes.
 */
const longestPause = "interval '1 min'";

export const takeThreadDeletionsStatement: Statement<KeptThread> = {
  name: "take-thread-deletions",
  // Taking a row moves its due time on, longer with each try, so that no other worker tries meanwhile.
  text: `
    update thread_deletions
    set tries = tries + 1, due_at = now() + least(power(2, least(tries, 9)) * interval '10 s', ${longestPause})
    where (provider, thread_id) in (
      select provider, thread_id from thread_deletions where provider = any($1) and due_at < now()
      order by due_at limit $2 for update skip locked)
    returning provider, thread_id as id`,
};

/** Takes threads that are due for deletion at one of these providers. */
export async function takeThreadDeletions(
  pool: Pool,
  providers: readonly string[],
  limit: number,
): Promise<KeptThread[]> {
  return query(pool, takeThreadDeletionsStatement, [providers, limit]);
}

export const forgetThreadStatement: Statement = {
  name: "forget-thread",
  text: "delete from thread_deletions where provider = $1 and thread_id = $2",
};

export async function forgetThread(pool: Pool, thread: KeptThread): Promise<void> {
  await query(pool, forgetThreadStatement, [thread.provider, thread.id]);
}

export const putOffDeletionStatement: Statement = {
  name: "put-off-thread-deletion",
  text: `
    update thread_deletions set due_at = now() + least(power(2, least(tries, 9)) * interval '10 s', interval '1 h')
    where provider = $1 and thread_id = $2`,
};

/**
 * Postpones a deletion that its provider refuses, longer with each try, by an hour at most: nothing will change soon.
 */
export async function putOffDeletion(pool: Pool, thread: KeptThread): Promise<void> {
  await query(pool, putOffDeletionStatement, [thread.provider, thread.id]);
}

export const hastenDeletionsStatement: Statement = {
  name: "hasten-thread-deletions",
  text: "update thread_deletions set due_at = now() where provider = $1 and tries > 0 and due_at > now()",
};

/** Makes deletions due that wait for a provider that was down. */
export async function hastenDeletions(pool: Pool, provider: string): Promise<void> {
  await query(pool, hastenDeletionsStatement, [provider]);
}

export const discardedThreadStatement: Statement<KeptThread> = {
  name: "discarded-thread",
  text: "select provider, thread_id as id from thread_deletions where provider = $1 and thread_id = $2",
};

/** True if a thread is queued for deletion. A conversation that continued in it would lose it. */
export async function isDiscarded(pool: Pool, thread: KeptThread): Promise<boolean> {
  return (await query(pool, discardedThreadStatement, [thread.provider, thread.id])).length === 1;
}

/** True if an error says that a thread already belongs to another conversation. */
export function isThreadClash(error: unknown): boolean {
  return error instanceof Error && "constraint" in error && error.constraint === "conversations_thread";
}
