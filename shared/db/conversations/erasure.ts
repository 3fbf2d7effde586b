import type { Pool } from "pg";
import { erasedEntryMs, eraseAfterMs, interval, tombstoneDays } from "../../tunables.ts";
import { inTransaction, query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";
import type { Columns } from "../schema/tables.ts";
import { discardThread, type KeptThread } from "./threads.ts";

/** Copies of a deleted conversation that other stores may still hold. */
export interface Leftovers {
  conversationId: string;
  jobs: Columns<"jobs", "id" | "attempt">[];
}

const thread = `case when thread_id is not null and not thread_adopted then
  json_build_object('provider', thread_provider, 'id', thread_id) end as thread`;

interface LockedConversation {
  open: Columns<"conversations", "open_jobs">["openJobs"];
  thread: KeptThread | null;
}

export const lockToDeleteStatement: Statement<LockedConversation> = {
  name: "lock-to-delete",
  text: `select open_jobs as open, ${thread} from conversations where id = $1 and deleted_at is null for update`,
};

export const lockIdleToDeleteStatement: Statement<LockedConversation> = {
  name: "lock-idle-to-delete",
  // A conversation that is locked is in use.
  text: `
    select open_jobs as open, ${thread} from conversations
    where id = $1 and deleted_at is null and open_jobs = '{}' and updated_at < now() - make_interval(days => $2)
    for update skip locked`,
};

export const cancelOpenStatement: Statement<Columns<"jobs", "id" | "attempt">> = {
  name: "cancel-jobs-of-deleted",
  text: `
    update jobs
    set status = 'cancelled', error_code = 'deleted', finished_at = now(), lease_until = null, due_at = null, claims = null
    where id = any($1::uuid[]) and status in ('queued', 'active')
    returning id, attempt`,
};

export const forgetRequestsStatement: Statement = {
  name: "forget-requests-of-deleted",
  // Keep the hash of the key itself: for a day, a repeated request is answered that the conversation was deleted.
  text: `
    update jobs set request_hash = null, request_id = null, trace = null
    where conversation_id = $1 and (request_hash is not null or request_id is not null or trace is not null)`,
};

export const deleteMessagesStatement: Statement = {
  name: "delete-messages",
  text: "delete from messages where conversation_id = $1",
};

export const deleteCitationsStatement: Statement = {
  name: "delete-citations-of-drafts",
  // Those of stored replies go with their messages.
  text: `
    with passages_gone as (
      delete from reply_passages using jobs where conversation_id = $1 and job_id = jobs.id
    )
    delete from draft_sources using jobs where conversation_id = $1 and job_id = jobs.id`,
};

export const deleteEventsStatement: Statement = {
  name: "delete-events",
  text: "delete from events where conversation_id = $1",
};

export const deleteVoicesStatement: Statement = {
  name: "delete-what-people-left",
  text: `
    with notes_gone as (delete from notes where conversation_id = $1),
         mails_gone as (delete from mails where conversation_id = $1),
         actions_gone as (delete from actions where conversation_id = $1 and sent_at is null),
         actions_emptied as (
           update actions set arguments = null, title = null, lines = null, result = null
           where conversation_id = $1 and sent_at is not null
         ),
         looks_gone as (delete from conversation_looks where conversation_id = $1),
         suggestions_gone as (delete from suggestions where conversation_id = $1)
    delete from stretches where conversation_id = $1`,
};

export const tombstoneStatement: Statement = {
  name: "leave-tombstone",
  text: `
    with gone as (
      update conversations
      set event_seq = event_seq + cardinality($2::uuid[]) + 1, deleted_at = now(), updated_at = now(), metadata = '{}',
          message_count = 0, thread_id = null, thread_provider = null, visitor_hash = null,
          handled_by = 'ai', operator_id = null, waiting_since = null, handoff_due = null, handoff_email = null,
          email_left_at = null, emails_left = 0,
          closed_at = null, blocked_at = null
      where id = $1 returning id, site_id, event_seq
    )
    insert into events (conversation_id, site_id, seq, kind, job_id, status)
    select id, site_id, event_seq - cardinality($2::uuid[]) - 1 + place, case when job_id is null then 'deleted' else 'job' end,
           job_id, case when job_id is not null then 'cancelled' end
    from gone cross join unnest($2::uuid[] || null::uuid) with ordinality as event(job_id, place)
    order by place`,
};

/**
 * Deletes a conversation: leaves a tombstone without text and ends its open jobs as cancelled. The row is locked first
 * and read by separate statements, so that nothing accepted meanwhile is missed.
 * @param options.idleDays only if it has been idle for that many days, and no job is open
 * @returns the jobs that this ended; `undefined`: it was already deleted, never existed, or is not idle
 */
export async function storeTombstone(
  pool: Pool,
  id: string,
  { idleDays }: { idleDays?: number } = {},
): Promise<Leftovers | undefined> {
  return inTransaction(pool, async (client) => {
    const [conversation] = await (idleDays === undefined
      ? query(client, lockToDeleteStatement, [id])
      : query(client, lockIdleToDeleteStatement, [id, idleDays]));
    if (!conversation) return undefined;
    const jobs = await query(client, cancelOpenStatement, [conversation.open]);
    await query(client, forgetRequestsStatement, [id]);
    await query(client, deleteMessagesStatement, [id]);
    await query(client, deleteCitationsStatement, [id]);
    await query(client, deleteVoicesStatement, [id]);
    if (conversation.thread) await discardThread(client, conversation.thread);
    await query(client, deleteEventsStatement, [id]);
    await query(client, tombstoneStatement, [id, jobs.map((job) => job.id)]);
    return { conversationId: id, jobs };
  });
}

export const tombstonesStatement: Statement<Leftovers> = {
  name: "tombstones",
  text: `
    select conversations.id as "conversationId",
           (select coalesce(json_agg(json_build_object('id', id, 'attempt', attempt) order by turn), '[]') from jobs
            where conversation_id = conversations.id
              and (finished_at is null or finished_at > deleted_at - ${interval(erasedEntryMs)})) as jobs
    from conversations
    where deleted_at < now() - ${interval(eraseAfterMs)} and erased_at is null order by deleted_at limit 100`,
};

/** Reads deleted conversations that other stores may still hold copies of. */
export async function readTombstones(pool: Pool): Promise<Leftovers[]> {
  return query(pool, tombstonesStatement, []);
}

export const markErasedStatement: Statement = {
  name: "mark-erased",
  text: `update conversations set erased_at = now(), open_jobs = '{}' where id = $1 and deleted_at is not null`,
};

export async function markErased(pool: Pool, conversationId: string): Promise<void> {
  await query(pool, markErasedStatement, [conversationId]);
}

export const idleConversationsStatement: Statement<Columns<"conversations", "id">> = {
  name: "idle-conversations",
  text: `
    select id from conversations
    where deleted_at is null and open_jobs = '{}' and updated_at < now() - make_interval(days => $1)
    order by updated_at limit $2`,
};

/** Reads the conversations that have been idle longest, for at least `idleDays`. */
export async function readIdleConversations(pool: Pool, idleDays: number, limit: number): Promise<string[]> {
  return (await query(pool, idleConversationsStatement, [idleDays, limit])).map(({ id }) => id);
}

export const dropTombstonesStatement: Statement<Columns<"conversations", "id">> = {
  name: "drop-tombstones",
  text: `
    with gone as materialized (
      select id from conversations where erased_at < now() - interval '${tombstoneDays} days'
      order by erased_at limit $1 for update skip locked
    ), events_gone as (
      delete from events using gone where conversation_id = gone.id
    ), mails_gone as (
      delete from mails using gone where conversation_id = gone.id
    ), runs_gone as (
      delete from runs using jobs, gone where jobs.conversation_id = gone.id and runs.job_id = jobs.id
    )
    delete from conversations using gone where conversations.id = gone.id returning conversations.id`,
};

/**
 * Deletes the oldest expired tombstones, with the records of their jobs and their events; the ledger stays.
 * @returns how many
 */
export async function dropTombstones(pool: Pool, limit: number): Promise<number> {
  return (await query(pool, dropTombstonesStatement, [limit])).length;
}
