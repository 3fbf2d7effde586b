import type { Pool } from "pg";
import { dueAfterMs, interval } from "../../tunables.ts";
import type { Statement } from "../../postgres/statement.ts";
import { insertEvents } from "../../events/append.ts";
import { inTransaction, query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

export type RetryResult = { retried: true; head: boolean } | { retried: false; reason: keyof typeof retryRefusals };

/** Reasons why a job is not retried, for an operator. */
export const retryRefusals = {
  unknown: "there is no such job",
  not_failed: "it has not failed",
  deleted: "its conversation was deleted",
  replaced: "its visitor has replaced its message by a later one",
  handled: "a person has its conversation, or is waited for; hand it back to the AI first",
  later_answered: "its message or a later one has been answered, or is about to be",
} as const;

export const lockToRetryStatement: Statement = {
  name: "lock-to-retry",
  text: "select from conversations where id = (select conversation_id from jobs where id = $1) for update",
};

interface FailedJob extends Columns<"jobs", "status"> {
  deleted: boolean;
  replaced: boolean;
  handled: boolean;
  laterAnswered: boolean;
}

export const findToRetryStatement: Statement<FailedJob> = {
  name: "find-to-retry",
  text: `
    select status, deleted_at is not null as deleted, turn = any(replaced_turns) as replaced,
           conversations.handled_by <> 'ai' or handoff_due is not null as handled,
           exists (select from messages later where later.conversation_id = jobs.conversation_id
                   and later.turn >= jobs.turn and later.sender in ('ai', 'operator'))
           or exists (select from jobs later where later.conversation_id = jobs.conversation_id
                      and (later.status = 'active' or later.status = 'queued' and later.turn = jobs.turn)) as "laterAnswered"
    from jobs join conversations on conversations.id = jobs.conversation_id where jobs.id = $1`,
};

export const requeueStatement: Statement = {
  name: "requeue-failed-job",
  text: `
    update jobs set status = 'queued', error_code = null, finished_at = null, started_at = null, deaths = 0,
                    lease_until = null, cancel_requested_at = null, due_at = now() + ${interval(dueAfterMs)}
    where id = $1`,
};

export const reopenStatement: Statement<{ head: boolean }> = {
  name: "reopen-failed-job",
  // All open jobs are later ones: the jobs before it have ended.
  text: `
    with reopened as (
      update conversations set open_jobs = array(
        select id from jobs where id = $1 or id = any(conversations.open_jobs) order by turn), updated_at = now(),
        event_seq = event_seq + 1
      where id = (select conversation_id from jobs where id = $1)
      returning id, site_id, open_jobs[1] = $1 as head, event_seq
    ), noted as (
      ${insertEvents({ from: "reopened", conversation: "id", site: "site_id", seq: "event_seq", job: "$1::uuid", status: "'queued'" })}
    )
    select head from reopened`,
};

/**
 * Queues a failed job again in its old position, before the messages that followed it. This is an operator's action,
 * and the only way to retry a job. Refused once its message was replaced, or a later one was answered or is being
 * answered: its reply would be out of order. After a hand-back another job may answer its own message, once.
 */
export async function storeRetry(pool: Pool, jobId: string): Promise<RetryResult> {
  return inTransaction(pool, async (client) => {
    // Lock the conversation's row first, as everywhere. Later reads see its newest state.
    if ((await query(client, lockToRetryStatement, [jobId])).length === 0) return { retried: false, reason: "unknown" };
    const [job] = await query(client, findToRetryStatement, [jobId]);
    if (job?.status !== "failed") return { retried: false, reason: "not_failed" };
    if (job.deleted) return { retried: false, reason: "deleted" };
    if (job.handled) return { retried: false, reason: "handled" };
    if (job.replaced) return { retried: false, reason: "replaced" };
    if (job.laterAnswered) return { retried: false, reason: "later_answered" };
    await query(client, requeueStatement, [jobId]);
    const [reopened] = await query(client, reopenStatement, [jobId]);
    return { retried: true, head: reopened?.head ?? false };
  });
}
