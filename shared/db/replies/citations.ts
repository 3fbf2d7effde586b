import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";

/** A passage that a reply rests on, at a place of its text. */
export interface Citation {
  /** Number that visitors see. */
  n: number;
  passageId: string;
  sourceId: string;
  title: string;
  /** Empty for a text without an address. */
  url: string;
  quote: string;
  /** UTF-8 byte offsets into the text: the begin of the sentence, and where the number belongs. */
  begins: number;
  ends: number;
}

/** Columns of a citation in JSON, as {@link toCitationRow} writes it. */
const citationColumns = `n int, "passageId" bigint, "sourceId" uuid, title text, url text, quote text, begins int, ends int`;

/**
 * SQL for the id of a source that stands; null once it was deleted. A source that is being deleted counts as deleted: a
 * reply never waits for that, and the two never lock each other out. Until the statement commits, a source that stands
 * cannot be deleted.
 */
function standing(id: string, site: string): string {
  return `left join lateral (
          select id from knowledge_sources where id = ${id} and site_id = ${site} for key share skip locked
        ) as standing on true`;
}

const shown = (column: string) => `case when standing.id is not null then ${column} else '' end`;
const keptColumns = "message_id, no, n, site_id, source_id, passage_id, title, url, quote, begins, ends";

/**
 * SQL that stores the citations of replies, and forgets those of their drafts.
 * @param ending rows of the jobs that end, with `id`, `site_id`, `message_id`, `conversation_id`, `"replyId"`, `sources`
 * and `words`
 */
export function storedSources(ending: string): string {
  return `
      sourced as (
        insert into reply_sources (${keptColumns})
        select "replyId", cited.no, n, site_id, standing.id, "passageId", ${shown("title")}, ${shown("url")}, ${shown("quote")},
               begins, ends
        from ${ending} cross join lateral jsonb_to_recordset(sources) as cited(no int, ${citationColumns})
        ${standing(`"sourceId"`, `${ending}.site_id`)}
        where "replyId" is not null
      ), draft_sources_gone as (
        delete from draft_sources using ${ending} where job_id = ${ending}.id
      ), unanswered as (
        insert into unanswered_questions (message_id, conversation_id, site_id, words)
        select message_id, conversation_id, site_id, decode(words, 'hex') from ${ending} where words is not null
        on conflict (message_id) do update set at = excluded.at
      )`;
}

/**
 * SQL that keeps the citations of a draft that lie within the text that a take-over leaves, and forgets the others.
 * Without a text they stay: the worker may hand it in.
 * @param cut one row at most, with `job`, `attempt` and `text`
 */
export function sourcesWithin(cut: string, message: string): string {
  return `
      sourced as (
        insert into reply_sources (${keptColumns})
        select ${message}, no, n, draft.site_id, standing.id, passage_id, ${shown("title")}, ${shown("url")}, ${shown("quote")},
               begins, draft.ends
        from ${cut} as cut join draft_sources as draft on draft.job_id = cut.job and draft.attempt = cut.attempt
        ${standing("draft.source_id", "draft.site_id")}
        where draft.ends <= octet_length(cut.text)
      ), draft_sources_gone as (
        delete from draft_sources using ${cut} as cut where job_id = cut.job and cut.text is not null
      )`;
}

/** A citation as the statements take it. */
export function toCitationRow(citation: Citation, no: number): Citation & { no: number } {
  return { no, ...citation };
}

/** SQL for the citations of a message, as clients see them; null for a message of another sender. */
export function sourcesOfReply(message: string, sender: string): string {
  return `case when ${sender} = 'ai' then (
      select coalesce(json_agg(json_strip_nulls(json_build_object(
               'n', n, 'title', title, 'url', url, 'quote', quote, 'start', begins, 'end', ends,
               'removed', case when source_id is null then true end)) order by no), '[]')
      from reply_sources where message_id = ${message}) end`;
}

/** SQL for the citations of an attempt so far, in the order of their places; null if there are none. */
export function notedSources(job: string, attempt: string): string {
  return `(
      select json_agg(json_build_object('n', n, 'title', title, 'url', url, 'offset', ends) order by no)
      from draft_sources where job_id = ${job} and attempt = ${attempt})`;
}

export const storeReplyPassagesStatement: Statement = {
  name: "store-reply-passages",
  text: `
    insert into reply_passages (job_id, attempt, no, site_id, passage_id, document_id, source_id)
    select $1, $2, no, $3, passage_id, document_id, source_id
    from unnest($4::bigint[], $5::uuid[], $6::uuid[]) with ordinality as passage(passage_id, document_id, source_id, no)
    on conflict do nothing`,
};

interface ReplyPassages {
  jobId: string;
  attempt: number;
  siteId: string;
  /** In the order of their numbers in the prompt. */
  passages: readonly { passageId: string; documentId: string; sourceId: string }[];
}

/** Stores which passages an attempt is made from. May be repeated. */
export async function storeReplyPassages(
  pool: Pool,
  { jobId, attempt, siteId, passages }: ReplyPassages,
): Promise<void> {
  const [passageIds, documentIds, sourceIds] = [
    passages.map(({ passageId }) => passageId),
    passages.map(({ documentId }) => documentId),
    passages.map(({ sourceId }) => sourceId),
  ];
  await query(pool, storeReplyPassagesStatement, [jobId, attempt, siteId, passageIds, documentIds, sourceIds]);
}

export const noteCitationStatement: Statement = {
  name: "note-citation",
  // The job's lock is that of its end: no row is left behind by an end or a take-over that comes meanwhile.
  text: `
    with held as materialized (
      select id from jobs where id = $1 and attempt = $2 and status = 'active' for no key update
    ), noted as materialized (
      select held.id as job_id, cited.* from held cross join jsonb_to_record($5::jsonb) as cited(${citationColumns})
    )
    insert into draft_sources (job_id, attempt, no, n, site_id, source_id, passage_id, title, url, quote, begins, ends)
    select job_id, $2, $4, n, $3, standing.id, "passageId", title, url, quote, begins, ends
    from noted ${standing(`"sourceId"`, "$3")}
    where standing.id is not null
    on conflict do nothing`,
};

interface NotedCitation {
  jobId: string;
  attempt: number;
  siteId: string;
  /** Place among the attempt's citations, from 0. */
  no: number;
  citation: Citation;
}

/**
 * Stores a citation of a reply that is being written, for streams and take-overs. May be repeated. Does nothing if the
 * source is gone, or if the attempt is not the current one of an active job.
 */
export async function noteCitation(pool: Pool, { jobId, attempt, siteId, no, citation }: NotedCitation): Promise<void> {
  await query(pool, noteCitationStatement, [jobId, attempt, siteId, no, JSON.stringify(citation)]);
}
