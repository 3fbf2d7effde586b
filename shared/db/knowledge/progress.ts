import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A source on its way. */
export type SourceProgress = Columns<"knowledge_sources", "id" | "status" | "reason"> & { name: string };

export const sourceProgressStatement: Statement<SourceProgress> = {
  name: "source-progress",
  text: `
    select id, status, reason, coalesce(title, url, question, '') as name
    from knowledge_sources where site_id = $1 and id = any($2::uuid[]) order by created_at, id`,
};

/** Reads how far sources are. Those that were deleted are not among them. */
export function readSourceProgress(pool: Pool, siteId: string, ids: readonly string[]): Promise<SourceProgress[]> {
  return query(pool, sourceProgressStatement, [siteId, ids]);
}

/** Documents that have one status for one reason. */
export type DocumentTally = Columns<"knowledge_documents", "status" | "reason"> & { count: number };

export const tallyDocumentsStatement: Statement<DocumentTally> = {
  name: "tally-documents",
  text: `
    select status, case when status <> 'ready' then reason end as reason, count(*)::int as count
    from knowledge_documents where site_id = $1 and source_id = any($2::uuid[])
    group by 1, 2 order by count desc, reason`,
};

/** Counts documents of sources by status and, of those that are not ready, by reason: the most frequent first. */
export function tallyDocuments(pool: Pool, siteId: string, sourceIds: readonly string[]): Promise<DocumentTally[]> {
  return query(pool, tallyDocumentsStatement, [siteId, sourceIds]);
}
