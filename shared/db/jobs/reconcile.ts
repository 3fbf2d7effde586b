import type { Pool } from "pg";
import { dueAfterMs, interval } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Maximum rows checked in one batch, oldest first. */
const batch = 1000;
/** Delay before a job found in the queue is checked again. */
const lookAgainAfter = interval(dueAfterMs);

export const dueJobsStatement: Statement<Columns<"jobs", "id">> = {
  name: "due-jobs",
  // Taking a row moves its due time on, so that neither another reconciler nor the next round checks it again.
  text: `
    with due as (
      select id from jobs where status = 'queued' and due_at < now()
      order by due_at limit ${batch} for update skip locked
    ), taken as (
      update jobs set due_at = now() + ${lookAgainAfter} from due where jobs.id = due.id
      returning jobs.id, jobs.conversation_id
    )
    select taken.id from taken join conversations on conversations.id = taken.conversation_id
    where conversations.open_jobs[1] = taken.id`,
};

/** Takes queued heads whose delivery has been unconfirmed for too long. */
export async function takeDueJobs(pool: Pool): Promise<string[]> {
  return (await query(pool, dueJobsStatement, [])).map(({ id }) => id);
}

export const markDueStatement: Statement = {
  name: "mark-due",
  text: `update jobs set due_at = now() where id = any($1::uuid[]) and status = 'queued'`,
};

/** Marks jobs that could not be enqueued for the reconciler. */
export async function markDue(pool: Pool, jobIds: readonly string[]): Promise<void> {
  await query(pool, markDueStatement, [jobIds]);
}

export const orphansStatement: Statement<Columns<"jobs", "id">> = {
  name: "orphaned-jobs",
  text: `
    select id from jobs where status = 'active' and (lease_until is null or lease_until < now())
    order by lease_until nulls first limit ${batch}`,
};

/** Reads active jobs that no worker holds. */
export async function readOrphans(pool: Pool): Promise<string[]> {
  return (await query(pool, orphansStatement, [])).map(({ id }) => id);
}
