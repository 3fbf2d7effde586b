import type { Pool } from "pg";
import type { JobStatus } from "../../protocol/job.ts";
import { dueAfterMs, interval } from "../../tunables.ts";
import { inTransaction } from "../database.ts";

export type RetryResult = { retried: true; head: boolean } | { retried: false; reason: keyof typeof retryRefusals };

/** Reasons why a job is not retried, for an operator. */
export const retryRefusals = {
  unknown: "there is no such job",
  not_failed: "it has not failed",
  deleted: "its conversation was deleted",
  later_answered: "a later message of its conversation has been answered",
} as const;

interface FailedJob {
  status: JobStatus;
  turn: number;
  deleted: boolean;
  laterAnswered: boolean;
}

/**
 * Queues a failed job again in its old position, before the messages that followed it. This is an operator's action,
 * and the only way to retry a job. Refused once a later message was answered or is being answered, because its reply
 * would be out of order.
 */
export async function storeRetry(pool: Pool, jobId: string): Promise<RetryResult> {
  return inTransaction(pool, async (client) => {
    // Lock the conversation's row first, as everywhere. Later reads see its newest state.
    const { rowCount } = await client.query(
      "select from conversations where id = (select conversation_id from jobs where id = $1) for update",
      [jobId],
    );
    if (rowCount === 0) return { retried: false, reason: "unknown" };
    const { rows } = await client.query<FailedJob>(
      `select status, turn, deleted_at is not null as deleted,
              exists (select from messages later where later.conversation_id = jobs.conversation_id
                      and later.turn > jobs.turn and later.sender = 'ai')
              or exists (select from jobs later where later.conversation_id = jobs.conversation_id
                         and later.status = 'active') as "laterAnswered"
       from jobs join conversations on conversations.id = jobs.conversation_id where jobs.id = $1`,
      [jobId],
    );
    const [job] = rows;
    if (job?.status !== "failed") return { retried: false, reason: "not_failed" };
    if (job.deleted) return { retried: false, reason: "deleted" };
    if (job.laterAnswered) return { retried: false, reason: "later_answered" };
    await client.query(
      `update jobs set status = 'queued', error_code = null, finished_at = null, started_at = null, deaths = 0,
                       lease_until = null, cancel_requested_at = null, due_at = now() + ${interval(dueAfterMs)}
       where id = $1`,
      [jobId],
    );
    // All open jobs are later ones: the jobs before it have ended.
    const { rows: conversations } = await client.query<{ head: boolean }>(
      `update conversations set open_jobs = array(
         select id from jobs where id = $1 or id = any(conversations.open_jobs) order by turn), updated_at = now()
       where id = (select conversation_id from jobs where id = $1)
       returning open_jobs[1] = $1 as head`,
      [jobId],
    );
    return { retried: true, head: conversations[0]?.head ?? false };
  });
}
