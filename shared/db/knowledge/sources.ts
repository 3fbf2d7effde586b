import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { SourceKind, SourceStatus } from "../../protocol/knowledge.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
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
}

export const addSourcesStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "add-sources",
  text: `
    insert into knowledge_sources
      (id, site_id, kind, url, title, question, content, media_type, language, assistants, refresh_hours, due_at)
    select id, $1, kind, url, title, question, decode(content, 'base64'), media_type, language,
      case when assistants is not null then array(select jsonb_array_elements_text(assistants)) end,
      coalesce(refresh_hours, 24), now()
    from jsonb_to_recordset($2::jsonb) as item(id uuid, kind text, url text, title text, question text, content text,
      media_type text, language text, assistants jsonb, refresh_hours int)
    on conflict (id) do nothing
    returning id`,
};

/** Adds sources, all or none. They are due at once. */
export async function addSources(pool: Pool, siteId: string, sources: readonly NewSource[]): Promise<void> {
  const rows = sources.map(({ content, mediaType, refreshHours, ...source }) => ({
    ...source,
    content: content?.toString("base64"),
    media_type: mediaType,
    refresh_hours: refreshHours,
  }));
  await query(pool, addSourcesStatement, [siteId, JSON.stringify(rows)]);
}

interface SourcePage {
  siteId: string;
  limit: number;
  /** Id of a source: those added before it. */
  before?: string | undefined;
}

/** Counts of a source's documents, and of its passages. */
export const listSourcesStatement = typedStatement(
  "list-sources",
  ({ db, sql }, { siteId, limit, before }: SourcePage) =>
    db
      .selectFrom("knowledge_sources as sources")
      .select([
        ...(["id", "kind", "url", "title", "question", "language", "assistants", "status", "reason"] as const),
        "refresh_hours as refreshHours",
        "looked_at as lookedAt",
        "due_at as dueAt",
        "created_at as createdAt",
        sql<Record<string, number>>`(select coalesce(jsonb_object_agg(status, count), '{}') from (
          select status, count(*) from knowledge_documents where source_id = sources.id group by status) as counted)`.as(
          "documents",
        ),
      ])
      .where("site_id", "=", siteId)
      .$if(before !== undefined, (found) => found.where("id", "<", before ?? ""))
      .orderBy("id", "desc")
      .limit(limit),
);

export type SourceRow = RowOf<typeof listSourcesStatement>;

/** Lists sources of a site, the newest first. */
export function listSources(pool: Pool, page: SourcePage): Promise<SourceRow[]> {
  return queryTyped(pool, listSourcesStatement, page);
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
  // A look under way goes on; a source that waits is due now.
  text: `
    update knowledge_sources
    set due_at = case when lease_until > now() then due_at else now() end,
      status = case when status = 'running' then status else 'pending' end
    where site_id = $1 and id = $2 returning status`,
};

/** Makes a source due. @returns `undefined` if there is no such source */
export async function refreshSource(pool: Pool, { siteId, sourceId }: SourceAt): Promise<SourceStatus | undefined> {
  return (await query(pool, refreshSourceStatement, [siteId, sourceId]))[0]?.status;
}
