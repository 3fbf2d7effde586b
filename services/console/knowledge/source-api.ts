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
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import { askService, change, erase, queryOf, read } from "../client/service-request.ts";

/** A source as the form has it. */
export interface SourceGiven {
  readonly kind: SourceKind;
  readonly file?: File | undefined;
  readonly fields: Readonly<Record<string, string>>;
  /** Assistants that answer from it; none: all. */
  readonly assistants?: readonly string[] | undefined;
}

/** A question that the site's knowledge did not answer, asked once or more in like words. */
export interface OpenQuestion {
  readonly id: string;
  /** Words of one who asked it. */
  readonly sample: string;
  readonly count: number;
  /** ISO time. */
  readonly lastAt: string;
  readonly messages: readonly { readonly conversationId: string; readonly messageId: string }[];
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
  add({ kind, file, fields, assistants = [] }: SourceGiven, key: string): Promise<AddedSource> {
    const some = assistants.length > 0;
    if (kind !== "file") return change("sources", { body: { kind, ...fields, ...(some && { assistants }) }, key });
    const type = fileTypeOf(file?.name ?? "") ?? file?.type ?? "";
    return askService(
      `sources?${queryOf({ ...fields, kind, assistants: some ? assistants.join(",") : undefined })}`,
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

  unanswered(before?: string): Promise<{ questions: OpenQuestion[]; nextBefore?: string }> {
    return read(`knowledge/unanswered?${queryOf({ before })}`);
  }

  /** Takes a question off the list without an answer. */
  putAside(id: string): Promise<void> {
    return erase(`knowledge/unanswered/${id}`);
  }

  /** Lists the assistants, as visitors' clients do. */
  async assistants(): Promise<readonly AssistantInfo[]> {
    return (await askService<{ assistants: AssistantInfo[] }>("../assistants", {})).assistants;
  }

  refresh(id: string): Promise<AddedSource> {
    return change(`sources/${id}/refresh`, {});
  }

  remove(id: string): Promise<void> {
    return erase(`sources/${id}`);
  }
}
