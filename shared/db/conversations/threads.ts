import type { Pool, PoolClient } from "pg";
import { query } from "../database.ts";

/** A thread at its provider. */
export interface KeptThread {
  provider: string;
  id: string;
}

/** A call that was just given up may still write into its thread. */
const settled = "interval '3 s'";

const bindStatement = {
  name: "bind-thread",
  // Both rows are locked, the conversation's first, as everywhere: a delete or another run that this waited for is seen.
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
 * Makes a thread the conversation's, for the run that made it; the one before is queued for deletion. May be repeated.
 * @returns `false`: the job is not this run's any more, and the new thread belongs to nobody
 */
export async function bindThread(
  pool: Pool,
  job: { id: string; conversationId: string; run: number },
  thread: KeptThread,
): Promise<boolean> {
  const values = [job.id, job.run, thread.provider, thread.id, job.conversationId];
  return (await query(pool, bindStatement, values)).length === 1;
}

/** Queues a thread for deletion at its provider. */
export async function discardThread(db: Pick<Pool | PoolClient, "query">, thread: KeptThread): Promise<void> {
  await db.query(
    `insert into thread_deletions (provider, thread_id, due_at) values ($1, $2, now() + ${settled}) on conflict do nothing`,
    [thread.provider, thread.id],
  );
}

/** A provider that is back is asked within this: a visitor's words must not stay with it for two minutes more. */
const longestPause = "interval '1 min'";

const takeStatement = {
  name: "take-thread-deletions",
  // Taking moves the due time on, longer with each try, so that nobody else tries meanwhile.
  text: `
    update thread_deletions
    set tries = tries + 1, due_at = now() + least(power(2, least(tries, 9)) * interval '10 s', ${longestPause})
    where (provider, thread_id) in (
      select provider, thread_id from thread_deletions where provider = any($1) and due_at < now()
      order by due_at limit $2 for update skip locked)
    returning provider, thread_id as id`,
};

/** Threads that are due to be deleted at one of these providers. */
export async function takeThreadDeletions(
  pool: Pool,
  providers: readonly string[],
  limit: number,
): Promise<KeptThread[]> {
  return query(pool, takeStatement, [providers, limit]);
}

export async function forgetThread(pool: Pool, thread: KeptThread): Promise<void> {
  await pool.query("delete from thread_deletions where provider = $1 and thread_id = $2", [thread.provider, thread.id]);
}

/** Puts a deletion off that its provider refuses, longer with each try, an hour at most: nothing will change soon. */
export async function putOffDeletion(pool: Pool, thread: KeptThread): Promise<void> {
  await pool.query(
    `update thread_deletions set due_at = now() + least(power(2, least(tries, 9)) * interval '10 s', interval '1 h')
     where provider = $1 and thread_id = $2`,
    [thread.provider, thread.id],
  );
}

/** Makes the deletions due that wait for a provider which was away. */
export async function hastenDeletions(pool: Pool, provider: string): Promise<void> {
  await pool.query("update thread_deletions set due_at = now() where provider = $1 and tries > 0 and due_at > now()", [
    provider,
  ]);
}

/** Whether a thread is queued for deletion: a conversation that went on with it would lose it. */
export async function isDiscarded(pool: Pool, thread: KeptThread): Promise<boolean> {
  const { rowCount } = await pool.query("select from thread_deletions where provider = $1 and thread_id = $2", [
    thread.provider,
    thread.id,
  ]);
  return rowCount === 1;
}

/** Whether an error says that a thread is another conversation's already. */
export function isThreadClash(error: unknown): boolean {
  return error instanceof Error && "constraint" in error && error.constraint === "conversations_thread";
}
