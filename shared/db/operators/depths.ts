import type { Pool } from "pg";
import { query } from "../database.ts";

/** What has not been answered yet. */
export interface Depths {
  /** Counted up to `countedUpTo`. */
  queued: number;
  active: number;
  /** Of the oldest message that nothing but a worker keeps waiting: 0 if there is none. */
  oldestQueuedSeconds: number;
  /** Of the oldest reply that is being written, from its first claim on. */
  oldestActiveSeconds: number;
}

const countedUpTo = 100_000;

/** The message that has waited longest for nothing but a worker. */
export interface OldestHead {
  id: string;
  waitedSeconds: number;
}

const oldestHeadStatement = {
  name: "oldest-head",
  text: `
    select jobs.id, extract(epoch from now() - jobs.created_at)::float8 as "waitedSeconds"
    from jobs join conversations on conversations.id = jobs.conversation_id
    where status = 'queued' and conversations.open_jobs[1] = jobs.id
    order by jobs.created_at limit 1`,
};

export async function readOldestHead(pool: Pool): Promise<OldestHead | undefined> {
  return (await query<OldestHead>(pool, oldestHeadStatement, []))[0];
}

const depthsStatement = {
  name: "depths",
  // What waits behind an earlier message of its own conversation says nothing about the workers. At most five jobs of a
  // conversation are open, so the oldest head stands among the first few of the index.
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

/** As PostgreSQL, which owns the truth, has it; the queue's own counts may differ for a while. */
export async function readDepths(pool: Pool): Promise<Depths> {
  const [depths] = await query<Depths>(pool, depthsStatement, []);
  return depths ?? { queued: 0, active: 0, oldestQueuedSeconds: 0, oldestActiveSeconds: 0 };
}
