import pg, { type Pool } from "pg";
import { copyRows } from "../../postgres/copy-rows.ts";
import type { Statement } from "../../postgres/statement.ts";
import { interval, removalsKeptMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A place in the changes of a site's passages: each passage has one, in the order of their commits. */
export interface PassageCursor {
  revision: string;
  id: string;
}

export const firstPassage: PassageCursor = { revision: "0", id: "0" };

type StoredPassage = Columns<"knowledge_passages", "id" | "revision" | "terms"> &
  Columns<"knowledge_documents", "source_id">;

/** Passages after a place, at most so many. Those of another version of the analysis are left out. */
export interface PassagePage {
  after: PassageCursor;
  analysis: number;
  limit: number;
}

/** SQL of a page of passages, with its values in it. */
export function selectPassagesAfter(siteId: string, { after, analysis, limit }: PassagePage): string {
  const [site, revision, id] = [siteId, after.revision, after.id].map((value) => pg.escapeLiteral(value));
  return `
    select passages.id, revision, source_id::text, terms
    from knowledge_passages as passages join knowledge_documents as documents on documents.id = document_id
    where passages.site_id = ${site} and (revision, passages.id) > (${revision}, ${id}) and analysis = ${analysis}
    order by revision, passages.id limit ${limit}`;
}

/** Reads passages of a site that were stored after a place, in order. */
export function readPassagesAfter(pool: Pool, siteId: string, page: PassagePage): Promise<StoredPassage[]> {
  return copyRows(pool, selectPassagesAfter(siteId, page), (row) => ({
    id: row.bigint(0),
    revision: row.bigint(1),
    sourceId: row.text(2),
    terms: row.bytes(3),
  }));
}

export const passageRemovalsStatement: Statement<Columns<"knowledge_removals", "revision" | "passage_ids">> = {
  name: "passage-removals",
  text: `
    select revision, passage_ids as "passageIds" from knowledge_removals
    where site_id = $1 and revision > $2 order by revision`,
};

/** Reads passages that revisions after one have removed. */
export function readPassageRemovals(pool: Pool, siteId: string, after: string) {
  return query(pool, passageRemovalsStatement, [siteId, after]);
}

/** Newest revision of a site's passages, and the sources that an assistant answers from. */
export interface KnowledgeState {
  /** `"0"` if the site never had passages. */
  revision: string;
  /** Null: all. */
  sources: string[] | null;
}

export const knowledgeStateStatement: Statement<KnowledgeState> = {
  name: "knowledge-state",
  text: `
    select coalesce((select revision from knowledge_bases where site_id = $1), 0) as revision, (
      select case when not bool_and(allowed) then coalesce(array_agg(id) filter (where allowed), '{}') end from (
        select id, assistants is null or $2::text is null or $2 = any(assistants) as allowed
        from knowledge_sources where site_id = $1
      ) as known
    ) as sources`,
};

export async function readKnowledgeState(pool: Pool, siteId: string, assistant?: string): Promise<KnowledgeState> {
  const [state] = await query(pool, knowledgeStateStatement, [siteId, assistant]);
  return state ?? { revision: "0", sources: null };
}

export type PassageText = Columns<"knowledge_passages", "id" | "document_id" | "heading" | "begins" | "ends"> &
  Columns<"knowledge_documents", "source_id" | "url" | "title" | "language"> &
  Columns<"knowledge_sources", "kind"> & { text: string };

export const passageTextsStatement: Statement<PassageText> = {
  name: "passage-texts",
  // Offsets count bytes. The URL that a page names as its own is the one to show; what was not fetched has that of its source.
  text: `
    select passages.id, document_id as "documentId", source_id as "sourceId", heading, begins, ends,
      coalesce(documents.canonical, nullif(documents.url, ''), sources.url, '') as url, documents.title, documents.language, kind,
      convert_from(substring(convert_to(documents.text, 'UTF8') from begins + 1 for ends - begins), 'UTF8') as text
    from knowledge_passages as passages join knowledge_documents as documents on documents.id = document_id
    join knowledge_sources as sources on sources.id = source_id
    where passages.id = any($2::bigint[]) and passages.site_id = $1
      and ($3::text is null or assistants is null or $3 = any(assistants))
      and ($4::text is null or lower(documents.language) = lower($4)
        or starts_with(lower(documents.language), lower($4) || '-'))`,
};

/**
 * Reads passages that can be quoted now, in no order. One that was removed since, or that the assistant may not use, is
 * not among them.
 * @param options.language of the documents: `de` has those in `de-AT`, too
 */
export function readPassageTexts(
  pool: Pool,
  siteId: string,
  {
    ids,
    assistant,
    language,
  }: { ids: readonly string[]; assistant?: string | undefined; language?: string | undefined },
): Promise<PassageText[]> {
  return query(pool, passageTextsStatement, [siteId, ids, assistant, language]);
}

export const dropRemovalsStatement: Statement = {
  name: "drop-removals",
  text: `delete from knowledge_removals where at < now() - ${interval(removalsKeptMs)}`,
};

/** Forgets removals of long ago. An index that has not followed since loads anew. */
export async function dropRemovals(pool: Pool): Promise<void> {
  await query(pool, dropRemovalsStatement, []);
}
