import type { Pool } from "pg";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Jobs looked at, newest first: their ids are in the order of time, so this reads the end of the primary key. */
const maxJobs = 1000;
/** Replies of an assistant below which nothing is said about them. */
const minReplies = 5;

export interface ReplyTime {
  assistantType: string;
  /** Median, from the acceptance of a message to the end of its reply. */
  seconds: number;
}

export const replyTimesStatement: Statement<ReplyTime> = {
  name: "reply-times",
  text: `
    select assistant_type as "assistantType",
           percentile_cont(0.5) within group (order by extract(epoch from finished_at - created_at))::float8 as seconds
    from (select assistant_type, status, reply_id, created_at, finished_at from jobs order by id desc limit ${maxJobs}) newest
    where status = 'completed' and reply_id is not null and created_at > now() - interval '7 days'
    group by assistant_type having count(*) >= ${minReplies}`,
};

/** Reads how long each assistant's recent replies took; those with few of them are absent. */
export async function readReplyTimes(pool: Pool): Promise<ReplyTime[]> {
  return query(pool, replyTimesStatement, []);
}
