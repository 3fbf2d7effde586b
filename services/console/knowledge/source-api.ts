import { fileTypeOf } from "../../../shared/protocol/knowledge/file-types.ts";
import type {
  AddedSource,
  DocumentStatus,
  KnowledgeSearchView,
  SourceDetailView,
  SourceKind,
  SourceListView,
} from "../../../shared/protocol/knowledge.ts";
import type { Colleague } from "../../../shared/protocol/operator.ts";
import { askService, change, queryOf, read } from "../client/service-request.ts";

/** A source as the form has it. */
export interface SourceGiven {
  readonly kind: SourceKind;
  readonly file?: File | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

const listPage = 100;
export const documentPage = 50;
const uploadLimitMs = 60_000;

/** The part of the operators' API that is about sources. */
export class SourceApi {
  me(): Promise<Colleague> {
    return read("me");
  }

  sources(before?: string): Promise<SourceListView> {
    return read(`sources?${queryOf({ limit: String(listPage), before })}`);
  }

  source(
    id: string,
    {
      limit = documentPage,
      after,
      status,
    }: { limit?: number; after?: string | undefined; status?: DocumentStatus | undefined },
  ): Promise<SourceDetailView> {
    return read(`sources/${id}?${queryOf({ limit: String(limit), after, status })}`);
  }

  /** Reads the text that was taken of a document. */
  text(id: string, documentId: string): Promise<SourceDetailView> {
    return read(`sources/${id}?${queryOf({ text: documentId })}`);
  }

  /** @param key makes a repeated request harmless */
  add({ kind, file, fields }: SourceGiven, key: string): Promise<AddedSource> {
    if (kind !== "file") return change("sources", { body: { kind, ...fields }, key });
    const type = fileTypeOf(file?.name ?? "") ?? file?.type ?? "";
    return askService(
      `sources?${queryOf({ ...fields, kind })}`,
      {
        method: "POST",
        headers: { "Content-Type": type === "" ? "application/octet-stream" : type, "Idempotency-Key": key },
        body: file ?? "",
      },
      uploadLimitMs,
    );
  }

  search(question: string): Promise<KnowledgeSearchView> {
    return read(`knowledge/search?${queryOf({ q: question })}`);
  }

  refresh(id: string): Promise<AddedSource> {
    return change(`sources/${id}/refresh`, {});
  }

  remove(id: string): Promise<void> {
    return askService(`sources/${id}`, { method: "DELETE" });
  }
}
