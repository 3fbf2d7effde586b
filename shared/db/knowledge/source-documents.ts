import type { Pool } from "pg";
import { type DocumentStatus, shownTextChars } from "../../protocol/knowledge.ts";
import { queryTyped, type RowOf, typedStatement } from "../typed-statement.ts";

interface DocumentPage {
  siteId: string;
  sourceId: string;
  limit: number;
  /** Id of the last document before this page. */
  after?: string | undefined;
  status?: DocumentStatus | undefined;
  /** Id of the only document to be read, with its text. */
  text?: string | undefined;
}

export const sourceDocumentsStatement = typedStatement(
  "source-documents",
  ({ db, sql }, { siteId, sourceId, limit, after, status, text }: DocumentPage) =>
    db
      .selectFrom("knowledge_documents as documents")
      .select(["id", "url", "title", "language", "status", "reason", "notes", "share"])
      .select(["needs_script as needsScript", "fetched_at as fetchedAt"])
      .select((found) =>
        found
          .selectFrom("knowledge_passages")
          .select(({ fn }) => fn.countAll<string>().as("count"))
          .whereRef("document_id", "=", "documents.id")
          .as("passages"),
      )
      .select([
        sql<string | null>`case when ${text !== undefined} then left(text, ${shownTextChars}) end`.as("text"),
        sql<boolean | null>`case when ${text !== undefined} then length(text) > ${shownTextChars} end`.as("textCut"),
      ])
      .where("site_id", "=", siteId)
      .where("source_id", "=", sourceId)
      .$if(after !== undefined, (found) => found.where("id", ">", after ?? ""))
      .$if(status !== undefined, (found) => found.where("status", "=", status ?? "ready"))
      .$if(text !== undefined, (found) => found.where("id", "=", text ?? ""))
      .orderBy("id")
      .limit(limit),
);

export type DocumentRow = RowOf<typeof sourceDocumentsStatement>;

/** Lists documents of a source in the order in which they were found. */
export function readSourceDocuments(pool: Pool, page: DocumentPage): Promise<DocumentRow[]> {
  return queryTyped(pool, sourceDocumentsStatement, page);
}
