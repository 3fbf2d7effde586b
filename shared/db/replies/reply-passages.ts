import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { RetrievedPassage } from "../../protocol/knowledge/retrieved-passage.ts";
import { query } from "../database.ts";

/** SQL for the number of passages that a job's last attempt was made from. */
export const countOfPassages = `(
    select count(*)::int from reply_passages where job_id = jobs.id and attempt = coalesce(reply_attempt, jobs.attempt))`;

export const replyPassagesStatement: Statement<RetrievedPassage> = {
  name: "reply-passages",
  // A passage that was removed since has lost its place, but not its number.
  text: `
    select shown.no, case when passages.id is null then '' else coalesce(documents.title, '') end as title,
      case when passages.id is null then ''
        else coalesce(documents.canonical, nullif(documents.url, ''), sources.url, '') end as url,
      coalesce(heading, '') as heading,
      exists (
        select from reply_sources as cited where message_id = jobs.reply_id and cited.passage_id = shown.passage_id
      ) as cited, passages.id is null as removed
    from jobs join reply_passages as shown on job_id = jobs.id and shown.attempt = coalesce(reply_attempt, jobs.attempt)
    left join knowledge_passages as passages on passages.id = shown.passage_id
    left join knowledge_documents as documents on documents.id = passages.document_id
    left join knowledge_sources as sources on sources.id = documents.source_id
    where jobs.id = $1 and shown.site_id = $2 order by shown.no`,
};

/** Reads the passages that the last attempt of a job was made from, in the order of their numbers in the prompt. */
export function readReplyPassages(
  pool: Pool,
  { siteId, jobId }: { siteId: string; jobId: string },
): Promise<RetrievedPassage[]> {
  return query(pool, replyPassagesStatement, [jobId, siteId]);
}
