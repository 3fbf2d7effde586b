import type { DocumentStatus, DocumentView, SourceDetailView } from "../../../shared/protocol/knowledge.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import { documentPage, type SourceApi } from "./source-api.ts";

/** The most that the service lists at once. */
const maxListed = 200;

/** The source that is shown, with as many of its documents as were asked for. */
export class ShownSource {
  readonly id: string;
  view: SourceDetailView | undefined;
  documents: readonly DocumentView[] = [];
  /** Only documents with this status are shown. */
  filter: DocumentStatus | undefined;
  /** Documents that are unfolded, with their texts once these are read. */
  readonly unfolded = new Map<string, DocumentView | undefined>();
  problem: ServiceProblem | undefined;
  #nextAfter: string | undefined;
  readonly #api: SourceApi;
  readonly #changed: () => void;

  constructor(id: string, api: SourceApi, changed: () => void) {
    this.id = id;
    this.#api = api;
    this.#changed = changed;
    void this.refresh();
  }

  get hasMore(): boolean {
    return this.#nextAfter !== undefined;
  }

  get isGone(): boolean {
    return this.problem?.status === 404;
  }

  /** Reads what is shown again. */
  refresh(): Promise<void> {
    const { filter } = this;
    const limit = Math.min(Math.max(documentPage, this.documents.length), maxListed);
    return this.#try(async () => {
      const view = await this.#api.source(this.id, { limit, status: filter });
      // Another choice was made meanwhile.
      if (filter !== this.filter) return;
      const later = this.documents.slice(limit);
      this.view = view;
      this.documents = [...view.documents, ...later];
      if (later.length === 0) this.#nextAfter = view.nextAfter;
    });
  }

  show(filter: DocumentStatus | undefined): void {
    this.filter = filter;
    this.documents = [];
    this.#nextAfter = undefined;
    void this.refresh();
  }

  readMore(): Promise<void> {
    const { filter } = this;
    return this.#try(async () => {
      const page = await this.#api.source(this.id, { after: this.#nextAfter, status: filter });
      if (filter !== this.filter) return;
      this.documents = [...this.documents, ...page.documents];
      this.#nextAfter = page.nextAfter;
    });
  }

  /** Unfolds a document, or folds it again. */
  toggle(documentId: string): void {
    if (this.unfolded.delete(documentId)) return this.#changed();
    this.unfolded.set(documentId, undefined);
    void this.#try(async () => {
      const { documents } = await this.#api.text(this.id, documentId);
      if (this.unfolded.has(documentId)) this.unfolded.set(documentId, documents[0]);
    });
  }

  /** Does something to the source, and shows how it is afterwards. */
  async act(deed: (api: SourceApi) => Promise<unknown>): Promise<void> {
    await this.#try(() => deed(this.#api));
    if (this.problem === undefined) await this.refresh();
  }

  async #try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.problem = error;
    }
    this.#changed();
  }
}
