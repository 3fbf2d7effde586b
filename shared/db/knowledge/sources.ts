import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { DocumentStatus, SourceKind, SourceStatus } from "../../protocol/knowledge.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { StatementBuilder } from "../statement-builder.ts";
import { queryTyped, type RowOf, typedStatement } from "../typed-statement.ts";
import { replacePassages } from "./documents.ts";

/** A source that an operator adds. */
export interface NewSource {
  id: string;
  kind: SourceKind;
  url?: string | undefined;
  title?: string | undefined;
  question?: string | undefined;
  content?: Buffer | undefined;
  mediaType?: string | undefined;
  language?: string | undefined;
  assistants?: readonly string[] | undefined;
  refreshHours?: number | undefined;
  /** Group of unanswered questions that it answers: they leave the list. */
  unanswered?: string | undefined;
}

export const addSourcesStatement: Statement<Columns<"knowledge_sources", "id" | "status">> = {
  name: "add-sources",
  // One value holds all contents: text of bytes in JSON would be larger by a third, and read twice.
  text: `
    with item as materialized (
      select * from jsonb_to_recordset($2::jsonb) as item(id uuid, kind text, url text, title text, question text,
        begins int, length int, media_type text, language text, assistants jsonb, refresh_hours int, unanswered text)
    ), answered as (
      delete from unanswered_questions using item where site_id = $1 and words = decode(unanswered, 'hex')
    )
    insert into knowledge_sources
      (id, site_id, kind, url, title, question, content, media_type, language, assistants, refresh_hours, due_at)
    select id, $1, kind, url, title, question, substring($3::bytea from begins + 1 for length), media_type, language,
      case when assistants is not null then array(select jsonb_array_elements_text(assistants)) end,
      coalesce(refresh_hours, 24), now()
    from item
    on conflict (id) do update set kind = knowledge_sources.kind
    returning id, status`,
};

/**
 * Adds sources, all or none. They are due at once.
 * @returns their status, by id; those of ids that are there already stay as they are
 */
export async function addSources(
  pool: Pool,
  siteId: string,
  sources: readonly NewSource[],
): Promise<ReadonlyMap<string, SourceStatus>> {
  let begins = 0;
  const rows = sources.map(({ content, mediaType, refreshHours, ...source }) => {
    const row = { ...source, media_type: mediaType, refresh_hours: refreshHours };
    const at = content && { begins, length: content.length };
    begins += content?.length ?? 0;
    return { ...row, ...at };
  });
  const contents = sources.flatMap(({ content }) => content ?? []);
  // Most sources have one content, which is not copied.
  const bytes = contents.length === 1 ? contents[0] : Buffer.concat(contents);
  const added = await query(pool, addSourcesStatement, [siteId, JSON.stringify(rows), bytes]);
  return new Map(added.map(({ id, status }) => [id, status]));
}

export const moveSourcesStatement: Statement = {
  name: "move-sources",
  text: `
    update knowledge_sources set url = $4 || substr(url, length($3) + 1)
    where site_id = $1 and id = any($2::uuid[]) and starts_with(url, $3)`,
};

/** Changes the beginning of sources' addresses. Only for those that are not fetched from there. */
export async function moveSources(
  pool: Pool,
  siteId: string,
  { ids, from, to }: { ids: readonly string[]; from: string; to: string },
): Promise<void> {
  await query(pool, moveSourcesStatement, [siteId, ids, from, to]);
}

interface SourcePage {
  siteId: string;
  limit: number;
  /** Place of the last source before this page: the time at which it was added, and its id. */
  after?: { time: string; id: string } | undefined;
}

/** Columns of a source as operators see it, with counts of its documents. */
function shown({ db, sql }: StatementBuilder) {
  return db.selectFrom("knowledge_sources as sources").select([
    ...(["id", "kind", "url", "title", "question", "language", "assistants", "status", "reason"] as const),
    "media_type as mediaType",
    "refresh_hours as refreshHours",
    "looked_at as lookedAt",
    "due_at as dueAt",
    "created_at as createdAt",
    sql<string>`to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '_' || id`.as("place"),
    sql<Partial<Record<DocumentStatus, number>>>`(select coalesce(jsonb_object_agg(status, count), '{}') from (
        select status, count(*) from knowledge_documents where source_id = sources.id group by status) as counted)`.as(
      "documents",
    ),
  ]);
}

export const listSourcesStatement = typedStatement(
  "list-sources",
  (builder: StatementBuilder, { siteId, limit, after }: SourcePage) =>
    shown(builder)
      .where("site_id", "=", siteId)
      .$if(after !== undefined, (found) =>
        found.where(builder.sql<boolean>`(created_at, id) < (${after?.time}::timestamptz, ${after?.id}::uuid)`),
      )
      .orderBy("created_at", "desc")
      .orderBy("id", "desc")
      .limit(limit),
);

export type SourceRow = RowOf<typeof listSourcesStatement>;

/** Lists sources of a site, the newest first. */
export function listSources(pool: Pool, page: SourcePage): Promise<SourceRow[]> {
  return queryTyped(pool, listSourcesStatement, page);
}

export const readSourceStatement = typedStatement(
  "read-source",
  (builder: StatementBuilder, { siteId, sourceId }: SourceAt) =>
    shown(builder).where("site_id", "=", siteId).where("id", "=", sourceId),
);

/** @returns `undefined` if the site has no such source */
export async function readSource(pool: Pool, at: SourceAt): Promise<SourceRow | undefined> {
  return (await queryTyped(pool, readSourceStatement, at))[0];
}

export const countSourcesStatement = typedStatement("count-sources", ({ db }, siteId: string) =>
  db
    .selectFrom("knowledge_sources")
    .select(({ fn }) => ["status", fn.countAll<string>().as("count")])
    .where("site_id", "=", siteId)
    .groupBy("status"),
);

/** Counts the sources of a site by status. */
export async function countSources(pool: Pool, siteId: string): Promise<Record<SourceStatus, number>> {
  const rows = await queryTyped(pool, countSourcesStatement, siteId);
  const counts = Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
  return { pending: 0, running: 0, ready: 0, failed: 0, ...counts };
}

interface SourceAt {
  siteId: string;
  sourceId: string;
}

export const deleteSourceStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "delete-source",
  // The row's lock makes a look under way wait; it finds no source afterwards.
  text: `
    with source as materialized (
      select id from knowledge_sources where id = $2 and site_id = $1 for update
    ), changing as materialized (
      select documents.id, site_id from knowledge_documents as documents join source on source_id = source.id
    ), fresh as (
      select null::uuid as document_id, 0 as no, 0 as begins, 0 as ends, '' as heading, ''::bytea as terms where false
    ), ${replacePassages("0")}
    delete from knowledge_sources using source where knowledge_sources.id = source.id returning knowledge_sources.id`,
};

/**
 * Deletes a source with all that was taken from it. Nothing of it can be retrieved once this commits.
 * @returns false if there is no such source
 */
export async function deleteSource(pool: Pool, { siteId, sourceId }: SourceAt): Promise<boolean> {
  return (await query(pool, deleteSourceStatement, [siteId, sourceId])).length === 1;
}

export const refreshSourceStatement: Statement<Columns<"knowledge_sources", "status">> = {
  name: "refresh-source",
  // A look under way goes on, and another follows: it may have read a page before the change. A source that waits is due now.
  text: `
    update knowledge_sources
    set due_at = case when lease_until > now() then due_at else now() end, refresh_asked = lease_until is not null,
      status = case when status = 'running' then status else 'pending' end
    where site_id = $1 and id = $2 returning status`,
};

/** Makes a source due. @returns `undefined` if there is no such source */
export async function refreshSource(pool: Pool, { siteId, sourceId }: SourceAt): Promise<SourceStatus | undefined> {
  return (await query(pool, refreshSourceStatement, [siteId, sourceId]))[0]?.status;
}

export const findSourceStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "find-source",
  text: `
    select id from knowledge_sources
    where site_id = $1 and kind = $2 and case when kind = 'file' then title else url end = $3
    order by created_at limit 1`,
};

/** Finds a source that was added before. @param name address of a page or sitemap, title of a file */
export async function findSource(
  pool: Pool,
  siteId: string,
  { kind, name }: { kind: SourceKind; name: string },
): Promise<string | undefined> {
  return (await query(pool, findSourceStatement, [siteId, kind, name]))[0]?.id;
}

export const replaceContentStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "replace-content",
  // The claim ends a look that has read the old content.
  text: `
    update knowledge_sources
    set content = $3, media_type = $4, status = 'pending', due_at = now(), claim = claim + 1, lease_until = null
    where site_id = $1 and id = $2 returning id`,
};

/**
 * Replaces the content of a file. The old one answers until the new one is read.
 * @returns false if there is no such source
 */
export async function replaceContent(
  pool: Pool,
  { siteId, sourceId }: SourceAt,
  { content, mediaType }: { content: Buffer; mediaType: string },
): Promise<boolean> {
  return (await query(pool, replaceContentStatement, [siteId, sourceId, content, mediaType])).length === 1;
}

export const knowingAssistantsStatement: Statement<{ name: string | null }> = {
  name: "knowing-assistants",
  text: `
    select distinct unnest(coalesce(assistants, array[null])) as name from knowledge_sources as sources
    where site_id = $1 and exists (
      select from knowledge_documents as documents join knowledge_passages on document_id = documents.id
      where source_id = sources.id)`,
};

/** Reads which assistants of a site have passages to answer from. Null: all of them. */
export async function readKnowingAssistants(pool: Pool, siteId: string): Promise<ReadonlySet<string | null>> {
  return new Set((await query(pool, knowingAssistantsStatement, [siteId])).map(({ name }) => name));
}
