import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { DocumentStatus } from "../../protocol/knowledge.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import { type LookAt, ownLook } from "./looks.ts";

export type DocumentToFetch = Columns<
  "knowledge_documents",
  "id" | "url" | "etag" | "last_modified" | "tries" | "status"
>;

export const documentsToFetchStatement: Statement<DocumentToFetch> = {
  name: "documents-to-fetch",
  text: `
    with look as (select id, look from knowledge_sources where id = $1 and claim = $2 and lease_until is not null)
    select documents.id, url, case when current then etag end as etag,
      case when current then last_modified end as "lastModified", tries, status
    from look join knowledge_documents as documents on documents.source_id = look.id
    cross join lateral (
      select status = 'ready' and not exists (
        select from knowledge_passages where document_id = documents.id and analysis <> $5) as current
    ) as state
    where fetched_look < look.look and (listed_look = look.look or $4) and (retry_at is null or retry_at <= now())
    order by documents.id limit $3`,
};

/**
 * Lists documents that this look has not dealt with.
 * @param options.analysis version of the analysis; what an older one has analysed has no `etag`
 * @param options.unlisted also those that the look's list does not name any more
 */
export function readDocumentsToFetch(
  pool: Pool,
  { sourceId, claim }: LookAt,
  { limit, analysis, unlisted = false }: { limit: number; analysis: number; unlisted?: boolean },
): Promise<DocumentToFetch[]> {
  return query(pool, documentsToFetchStatement, [sourceId, claim, limit, unlisted, analysis]);
}

export const nextRetryStatement: Statement<{ afterMs: number | null }> = {
  name: "next-retry",
  text: `
    select case when min(retry_at) is not null
      then greatest(0, extract(epoch from min(retry_at) - now()) * 1000)::float8 end as "afterMs"
    from knowledge_sources as sources join knowledge_documents as documents on documents.source_id = sources.id
    where sources.id = $1 and claim = $2 and fetched_look < look and retry_at is not null`,
};

/** @returns time until a document that could not be fetched is tried again; `undefined` if none waits */
export async function readNextRetry(pool: Pool, { sourceId, claim }: LookAt): Promise<number | undefined> {
  const [row] = await query(pool, nextRetryStatement, [sourceId, claim]);
  return row?.afterMs ?? undefined;
}

/** A passage as it is stored. Offsets: UTF-8 bytes into the document's text. */
export interface NewPassage {
  begins: number;
  ends: number;
  heading: string;
  terms: Buffer;
}

/** Result of a look at one document. */
export interface DocumentOutcome {
  status: Exclude<DocumentStatus, "pending">;
  /** Why it is left out or gone. */
  reason?: string | undefined;
  title?: string | undefined;
  language?: string | undefined;
  notes?: readonly string[] | undefined;
  etag?: string | undefined;
  lastModified?: string | undefined;
  lines?: readonly { text: string; heading?: number }[] | undefined;
  text?: string | undefined;
  canonical?: string | undefined;
  share?: number | undefined;
  needsScript?: boolean | undefined;
  /** Version of the analysis that made the passages' terms. */
  analysis: number;
  passages: readonly NewPassage[];
}

/**
 * SQL that replaces the passages of the documents in `changing (id, site_id)`, under the next revision of their site. The
 * lock of the site's row is held to the end of the statement, so that revisions become visible in their order.
 * `fresh (document_id, no, begins, ends, heading, terms)` are the new ones.
 */
export const replacePassages = (analysis: string): string => `
    dropped as (
      delete from knowledge_passages using changing where document_id = changing.id
      returning knowledge_passages.id, knowledge_passages.site_id
    ), base as (
      insert into knowledge_bases (site_id, revision)
      select distinct site_id, 1 from changing
      where exists (select from dropped) or exists (select from fresh)
      on conflict (site_id) do update set revision = knowledge_bases.revision + 1
      returning site_id, revision
    ), removal as (
      insert into knowledge_removals (site_id, revision, passage_ids)
      select base.site_id, base.revision, array_agg(dropped.id) from base join dropped using (site_id) group by 1, 2
    ), added as (
      insert into knowledge_passages (site_id, document_id, no, begins, ends, heading, analysis, terms, revision)
      select base.site_id, changing.id, fresh.no, fresh.begins, fresh.ends, fresh.heading, ${analysis}, fresh.terms,
        base.revision
      from base join changing using (site_id) join fresh on fresh.document_id = changing.id
      order by changing.id, fresh.no
    )`;

export const storeDocumentStatement: Statement<Columns<"knowledge_documents", "id"> & { changed: boolean }> = {
  name: "store-document",
  text: `
    with ${ownLook}, before as materialized (
      select documents.id, documents.site_id, look.look,
        status <> $4 or title is distinct from $6 or text is distinct from $12
          or exists (select from knowledge_passages where document_id = documents.id and analysis <> $16) as changed
      from look join knowledge_documents as documents on documents.source_id = look.id
      where documents.id = $3
    ), changing as materialized (
      select id, site_id from before where changed
    ), fresh as materialized (
      select $3::uuid as document_id, item.no, item.begins, item.ends, item.heading, item.terms
      from unnest($17::int[], $18::int[], $19::text[], $20::bytea[])
        with ordinality as item(begins, ends, heading, terms, no)
    ), stored as (
      update knowledge_documents
      set status = $4, reason = $5, title = $6, language = $7, notes = $8, etag = $9, last_modified = $10,
        lines = $11::jsonb, text = $12, text_hash = sha256(convert_to($12, 'UTF8')), canonical = $13, share = $14,
        needs_script = $15, fetched_look = before.look, fetched_at = now(), tries = 0, retry_at = null, leaving = null
      from before where knowledge_documents.id = before.id
      returning knowledge_documents.id
    ), ${replacePassages("$16")}
    select stored.id, changed from stored join before using (id)`,
};

/**
 * Stores what a look found, with the passages, in one statement. Passages of an unchanged text stay as they are.
 * @returns `undefined` if the look is not ours any more
 */
export async function storeDocument(
  pool: Pool,
  { sourceId, claim }: LookAt,
  documentId: string,
  found: DocumentOutcome,
): Promise<{ changed: boolean } | undefined> {
  const { passages } = found;
  const values: unknown[] = [sourceId, claim, documentId, found.status, found.reason, found.title, found.language];
  values.push(found.notes?.length ? found.notes : null, found.etag, found.lastModified);
  values.push(found.lines && JSON.stringify(found.lines), found.text, found.canonical, found.share);
  values.push(found.needsScript ?? false, found.analysis);
  for (const column of ["begins", "ends", "heading", "terms"] as const)
    values.push(passages.map((passage) => passage[column]));
  const [row] = await query(pool, storeDocumentStatement, values);
  return row;
}

export const keepDocumentStatement: Statement<Columns<"knowledge_documents", "id">> = {
  name: "keep-document",
  text: `
    with ${ownLook}
    update knowledge_documents as documents
    set fetched_look = look.look, fetched_at = now(), tries = 0, retry_at = null, leaving = $4,
      reason = case when status = 'ready' then null else reason end
    from look where documents.source_id = look.id and documents.id = $3 returning documents.id`,
};

/**
 * Notes that a look has dealt with a document and leaves it as it was, at least until the end of the look.
 * @param leaving why the document is to be left out, unless the look would leave too many out
 * @returns false if the look is not ours any more
 */
export async function keepDocument(
  pool: Pool,
  { sourceId, claim }: LookAt,
  documentId: string,
  leaving?: string,
): Promise<boolean> {
  return (await query(pool, keepDocumentStatement, [sourceId, claim, documentId, leaving ?? null])).length === 1;
}

export const retryDocumentStatement: Statement<Columns<"knowledge_documents", "id">> = {
  name: "retry-document",
  text: `
    with ${ownLook}
    update knowledge_documents as documents
    set tries = tries + 1, retry_at = now() + $4::float8 * interval '1 millisecond', reason = $5
    from look where documents.source_id = look.id and documents.id = $3 returning documents.id`,
};

/** Puts off a document that could not be fetched now. @returns false if the look is not ours any more */
export async function retryDocument(
  pool: Pool,
  { sourceId, claim }: LookAt,
  { documentId, afterMs, reason }: { documentId: string; afterMs: number; reason: string },
): Promise<boolean> {
  const values = [sourceId, claim, documentId, afterMs, reason];
  return (await query(pool, retryDocumentStatement, values)).length === 1;
}
