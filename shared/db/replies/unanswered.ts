import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";

/** Newest messages of a group that are named. */
const namedMessages = 20;

/** Equal questions that the site's knowledge does not answer. */
export interface UnansweredGroup {
  /** Hash of their words, in hexadecimal. */
  id: string;
  /** The newest of them, as its visitor wrote it. */
  sample: string;
  count: number;
  lastAt: Date;
  /** Place in the list. */
  place: string;
  /** The newest of them first. */
  messages: { conversationId: string; messageId: string }[];
}

export const listUnansweredStatement: Statement<UnansweredGroup> = {
  name: "list-unanswered",
  text: `
    with grouped as materialized (
      select words, count(*)::int as count, max(at) as last_at from unanswered_questions where site_id = $1
      group by words
      having $2::timestamptz is null or (max(at), encode(words, 'hex')) < ($2, $3)
      order by max(at) desc, encode(words, 'hex') desc limit $4
    )
    select encode(words, 'hex') as id, newest.text as sample, count, last_at as "lastAt",
           to_char(last_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '_' || encode(words, 'hex') as place,
           named.messages
    from grouped cross join lateral (
      select text from unanswered_questions join messages on messages.id = message_id
      where unanswered_questions.site_id = $1 and words = grouped.words order by at desc, message_id desc limit 1
    ) as newest cross join lateral (
      select json_agg(json_build_object('conversationId', conversation_id, 'messageId', message_id)
                      order by at desc, message_id desc) as messages
      from (select conversation_id, message_id, at from unanswered_questions
            where site_id = $1 and words = grouped.words
            order by at desc, message_id desc limit ${namedMessages}) as named
    ) as named
    order by last_at desc, id desc`,
};

/** Lists questions without an answer, equal ones together, the newest first. */
export function listUnanswered(
  pool: Pool,
  { siteId, limit, after }: { siteId: string; limit: number; after?: { time: string; id: string } | undefined },
): Promise<UnansweredGroup[]> {
  return query(pool, listUnansweredStatement, [siteId, after?.time ?? null, after?.id ?? null, limit]);
}

export const putAsideStatement: Statement<{ count: number }> = {
  name: "put-aside-unanswered",
  text: `
    with gone as (
      delete from unanswered_questions where site_id = $1 and words = decode($2, 'hex') returning message_id
    )
    select count(*)::int as count from gone`,
};

/** Puts a group aside until somebody asks that again. @returns false if there is no such group */
export async function putAside(pool: Pool, siteId: string, id: string): Promise<boolean> {
  return ((await query(pool, putAsideStatement, [siteId, id]))[0]?.count ?? 0) > 0;
}
