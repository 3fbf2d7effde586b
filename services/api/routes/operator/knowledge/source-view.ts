import type { DocumentRow } from "../../../../../shared/db/knowledge/source-documents.ts";
import type { SourceRow } from "../../../../../shared/db/knowledge/sources.ts";
import type { DocumentView, SourceView } from "../../../../../shared/protocol/knowledge.ts";

/** Shows a source to operators. */
export function toSourceView(row: SourceRow): SourceView {
  const { id, kind, status, documents, createdAt } = row;
  const isFetched = kind === "page" || kind === "sitemap";
  return {
    id,
    kind,
    ...given(row, "url", "title", "question", "mediaType", "language", "assistants", "reason"),
    ...(isFetched && { refreshHours: row.refreshHours }),
    status,
    documentCounts: { pending: 0, ready: 0, left_out: 0, gone: 0, ...documents },
    ...times(row, "lookedAt", "dueAt"),
    createdAt: createdAt.toISOString(),
  };
}

/** Shows a document, with its text where that was read. */
export function toDocumentView(row: DocumentRow): DocumentView {
  const { id, url, status, passages, needsScript, textCut } = row;
  return {
    id,
    ...(url !== "" && { url }),
    ...given(row, "title", "language", "reason", "notes", "share", "text"),
    status,
    passages: Number(passages),
    ...(needsScript && { needsScript }),
    ...times(row, "fetchedAt"),
    ...(textCut === true && { textCut }),
  };
}

type Given<Row, Name extends keyof Row> = { [Key in Name]?: NonNullable<Row[Key]> };

/** Takes those of the columns that are not null. */
function given<Row extends object, Name extends keyof Row>(row: Row, ...names: Name[]): Given<Row, Name> {
  const entries = names.flatMap((name) => (row[name] === null ? [] : [[name, row[name]]]));
  return Object.fromEntries(entries) as Given<Row, Name>;
}

/** Takes those of the times that are not null, in ISO 8601. */
function times<Name extends string>(row: Record<Name, Date | null>, ...names: Name[]): { [Key in Name]?: string } {
  const entries = names.flatMap((name) => (row[name] === null ? [] : [[name, row[name].toISOString()]]));
  return Object.fromEntries(entries) as { [Key in Name]?: string };
}
