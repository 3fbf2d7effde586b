import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import { type NewPassage, replacePassages } from "./documents.ts";
import { type LookAt, ownLook } from "./looks.ts";

export interface DocumentLines extends Columns<"knowledge_documents", "id" | "title" | "text"> {
  lines: { text: string; heading?: 1 | 2 | 3 | 4 | 5 | 6 }[];
}

export const documentLinesStatement: Statement<DocumentLines> = {
  name: "document-lines",
  text: `
    select id, title, text, lines from knowledge_documents
    where source_id = $1 and status = 'ready' and lines is not null and ($2::uuid is null or id > $2)
    order by id limit $3`,
};

/** Reads the lines of documents that answer, in the order of their ids. */
export function readDocumentLines(
  pool: Pool,
  sourceId: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<DocumentLines[]> {
  return query(pool, documentLinesStatement, [sourceId, after ?? null, limit]);
}

export const findSameTextStatement: Statement<Columns<"knowledge_documents", "url">> = {
  name: "find-same-text",
  text: `
    select url from knowledge_documents
    where source_id = $1 and text_hash = sha256(convert_to($3, 'UTF8')) and status = 'ready' and id <> $2
    order by id limit 1`,
};

/** @returns the address of another document of the source that has the same text */
export async function findSameText(
  pool: Pool,
  { sourceId, documentId, text }: { sourceId: string; documentId: string; text: string },
): Promise<string | undefined> {
  return (await query(pool, findSameTextStatement, [sourceId, documentId, text]))[0]?.url;
}

export const storeTextStatement: Statement<Columns<"knowledge_documents", "id">> = {
  name: "store-text",
  text: `
    with ${ownLook}, changing as materialized (
      select documents.id, documents.site_id from look join knowledge_documents as documents on source_id = look.id
      where documents.id = $3 and documents.status = 'ready'
    ), fresh as materialized (
      select $3::uuid as document_id, item.no, item.begins, item.ends, item.heading, item.terms
      from unnest($6::int[], $7::int[], $8::text[], $9::bytea[])
        with ordinality as item(begins, ends, heading, terms, no)
    ), ${replacePassages("$5::int")}
    update knowledge_documents set text = $4, text_hash = sha256(convert_to($4, 'UTF8'))
    from changing where knowledge_documents.id = changing.id returning knowledge_documents.id`,
};

/**
 * Stores another text of a document's lines, with its passages.
 * @returns false if the look is not ours any more
 */
export async function storeText(
  pool: Pool,
  { sourceId, claim }: LookAt,
  {
    documentId,
    text,
    analysis,
    passages,
  }: { documentId: string; text: string; analysis: number; passages: readonly NewPassage[] },
): Promise<boolean> {
  const values: unknown[] = [sourceId, claim, documentId, text, analysis];
  for (const column of ["begins", "ends", "heading", "terms"] as const)
    values.push(passages.map((passage) => passage[column]));
  return (await query(pool, storeTextStatement, values)).length === 1;
}
