import type { Pool } from "pg";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Messages that have not been answered yet. */
export interface Depths {
  /** Counted up to `countedUpTo`. */
  queued: number;
  active: number;
  /** Wait of the oldest message that only waits for a worker; 0 if there is none. */
  oldestQueuedSeconds: number;
  /** Age of the oldest reply being written, from its first claim on. */
  oldestActiveSeconds: number;
}

const countedUpTo = 100_000;

/** The message that has waited longest for a worker alone. */
export interface OldestHead {
  id: string;
  waitedSeconds: number;
}

export const oldestHeadStatement: Statement<OldestHead> = {
  name: "oldest-head",
  text: `
    select jobs.id, extract(epoch from now() - jobs.created_at)::float8 as "waitedSeconds"
    from jobs join conversations on conversations.id = jobs.conversation_id
    where status = 'queued' and conversations.open_jobs[1] = jobs.id
    order by jobs.created_at limit 1`,
};

export async function readOldestHead(pool: Pool): Promise<OldestHead | undefined> {
  return (await query(pool, oldestHeadStatement, []))[0];
}

export const depthsStatement: Statement<Depths> = {
  name: "depths",
  // A message that waits behind an earlier one of its conversation says nothing about the workers. A conversation has
  // at most five open jobs, so the oldest head is among the first few entries of the index.
  text: `
    select (select count(*)::int from (select from jobs where status = 'queued' limit ${countedUpTo}) as waiting) as queued,
           (select count(*)::int from jobs where status = 'active') as active,
           coalesce((select extract(epoch from now() - jobs.created_at)::float8
                     from jobs join conversations on conversations.id = jobs.conversation_id
                     where status = 'queued' and conversations.open_jobs[1] = jobs.id
                     order by jobs.created_at limit 1), 0) as "oldestQueuedSeconds",
           coalesce((select extract(epoch from now() - min(started_at))::float8
                     from jobs where status = 'active'), 0) as "oldestActiveSeconds"`,
};

/** Reads the depths from PostgreSQL, the source of truth. The queue's own counts may differ for a while. */
export async function readDepths(pool: Pool): Promise<Depths> {
  const [depths] = await query(pool, depthsStatement, []);
  return depths ?? { queued: 0, active: 0, oldestQueuedSeconds: 0, oldestActiveSeconds: 0 };
}
