import type { Pool } from "pg";
import type { JobErrorCode, JobStatus } from "../../protocol/job.ts";
import { query } from "../database.ts";

/** A conversation as a list shows it, with its newest job. Times are Unix milliseconds. */
export interface FoundConversation {
  id: string;
  updatedAt: number;
  assistantType: string;
  messageCount: number;
  deleted: boolean;
  /** The newest job; in a search by status, the newest job with that status. */
  jobId: string | null;
  jobStatus: JobStatus | null;
  errorCode: JobErrorCode | null;
}

export interface Search {
  /** Only conversations that have a job with this status. */
  status?: JobStatus | undefined;
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
}

/** Entries of a page. */
export const foundLimit = 50;

const newestJob = `
  lateral (
    select jobs.id as "jobId", status as "jobStatus", error_code as "errorCode" from jobs
    where jobs.conversation_id = conversations.id order by turn desc limit 1
  ) newest on true`;

const columns = `
  conversations.id, (extract(epoch from conversations.updated_at) * 1000)::float8 as "updatedAt",
  conversations.assistant_type as "assistantType", message_count as "messageCount", deleted_at is not null as deleted`;

const newestStatement = {
  name: "operator-newest",
  text: `
    select ${columns}, newest.* from conversations left join ${newestJob}
    where deleted_at is null and updated_at >= $1 and updated_at < $2
    order by updated_at desc limit $3`,
};

// Each status has an index, or is the status of most rows. So jobs are read from the newest on, until there are enough.
const byStatusStatement = (status: JobStatus) => ({
  name: `operator-${status}`,
  text: `
    select ${columns}, jobs.id as "jobId", status as "jobStatus", error_code as "errorCode"
    from jobs join conversations on conversations.id = jobs.conversation_id
    where jobs.status = '${status}' and jobs.created_at >= $1 and jobs.created_at < $2
    order by jobs.created_at desc limit $3`,
});

const byIdStatement = {
  name: "operator-by-id",
  text: `
    select ${columns}, newest.* from conversations left join ${newestJob}
    where conversations.id in (
      select $1::uuid
      union all select conversation_id from jobs where id = $1
      union all select conversation_id from messages where id = $1)`,
};

/**
 * Reads the newest conversations of a period, at most {@link foundLimit}; with a status, one entry for each job that
 * has it.
 */
export async function searchConversations(pool: Pool, { status, from, to }: Search): Promise<FoundConversation[]> {
  const statement = status ? byStatusStatement(status) : newestStatement;
  return query<FoundConversation>(pool, statement, [from ?? new Date(0), to ?? "infinity", foundLimit]);
}

/** Finds the conversation with this id, or the one that has a job or message with it. */
export async function findConversation(pool: Pool, id: string): Promise<FoundConversation | undefined> {
  const [found] = await query<FoundConversation>(pool, byIdStatement, [id]);
  return found;
}
