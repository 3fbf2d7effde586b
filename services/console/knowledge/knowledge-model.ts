import type { SourceListView, SourceView } from "../../../shared/protocol/knowledge.ts";
import type { Colleague } from "../../../shared/protocol/operator.ts";
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import { ShownSearch } from "./shown-search.ts";
import { ShownSource } from "./shown-source.ts";
import { UnansweredList } from "./unanswered-list.ts";
import { SourceApi, type SourceGiven } from "./source-api.ts";

/** How often the list is read again while a source is being read, and otherwise. */
const busyMs = 2000;
const calmMs = 30_000;

/** The sources of the site, and the one that is shown. */
export class KnowledgeModel {
  readonly api = new SourceApi();
  me: Colleague | undefined;
  sources: readonly SourceView[] | undefined;
  counts: SourceListView["counts"] | undefined;
  open: ShownSource | undefined;
  /** Shown in place of a source. */
  search: ShownSearch | undefined;
  /** True while questions are shown in place of a source. */
  showsUnanswered = false;
  readonly unanswered: UnansweredList;
  /** Those that may answer from a source; read with the form that adds one. */
  assistants: readonly AssistantInfo[] = [];
  problem: ServiceProblem | undefined;
  /** True while a source is being sent. */
  isAdding = false;
  addProblem: ServiceProblem | undefined;
  #nextBefore: string | undefined;
  #readAt = 0;
  #isReading = false;
  readonly #changed: () => void;

  /** @param changed called after each change of what is shown */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.unanswered = new UnansweredList(this.api, changed);
  }

  get mayChange(): boolean {
    return this.me !== undefined && this.me.role !== "reader";
  }

  get hasMore(): boolean {
    return this.#nextBefore !== undefined;
  }

  /** Called now and then: reads again what may have changed. */
  async tick(now: number): Promise<void> {
    const { pending = 0, running = 0 } = this.counts ?? {};
    const isBusy = pending + running > 0;
    if (this.#isReading || now - this.#readAt < (isBusy || this.problem ? busyMs : calmMs)) return;
    await Promise.all([this.refresh(), this.open?.refresh(), isBusy ? undefined : this.unanswered.refresh()]);
  }

  /** Reads the newest sources again. */
  async refresh(): Promise<void> {
    this.#isReading = true;
    await this.#try(async () => {
      this.me ??= await this.api.me();
      const { sources, counts, nextBefore } = await this.api.sources();
      // Those of later pages stay as they were.
      const oldest = nextBefore === undefined ? undefined : sources.at(-1);
      const known = new Set(sources.map(({ id }) => id));
      const later = (this.sources ?? []).filter(
        ({ id, createdAt }) => oldest !== undefined && createdAt <= oldest.createdAt && !known.has(id),
      );
      this.sources = [...sources, ...later];
      this.counts = counts;
      if (later.length === 0) this.#nextBefore = nextBefore;
    });
    this.#readAt = Date.now();
    this.#isReading = false;
  }

  readMore(): Promise<void> {
    return this.#try(async () => {
      const { sources, nextBefore } = await this.api.sources(this.#nextBefore);
      this.sources = [...(this.sources ?? []), ...sources];
      this.#nextBefore = nextBefore;
    });
  }

  show(id: string | undefined): void {
    if (this.open?.id === id && this.search === undefined && !this.showsUnanswered) return;
    this.search = undefined;
    this.showsUnanswered = false;
    this.open = id === undefined ? undefined : new ShownSource(id, this.api, this.#changed);
    this.#changed();
  }

  showUnanswered(): void {
    this.open = this.search = undefined;
    this.showsUnanswered = true;
    this.#changed();
  }

  readAssistants(): Promise<void> {
    return this.#try(async () => {
      this.assistants = await this.api.assistants();
    });
  }

  ask(question: string): void {
    this.open = undefined;
    this.showsUnanswered = false;
    this.search = new ShownSearch(question, this.api, this.#changed);
    this.#changed();
  }

  /** @returns the id of the new source; `undefined` if it was refused, see `addProblem` */
  async add(given: SourceGiven, key: string): Promise<string | undefined> {
    this.isAdding = true;
    this.addProblem = undefined;
    this.#changed();
    try {
      return (await this.api.add(given, key)).id;
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.addProblem = error;
      return undefined;
    } finally {
      this.isAdding = false;
      this.#changed();
    }
  }

  /** Deletes the source that is shown. */
  async remove(): Promise<void> {
    const { open } = this;
    await open?.act((api) => api.remove(open.id));
    if (open?.isGone === true) this.sources = this.sources?.filter(({ id }) => id !== open.id);
    await this.refresh();
  }

  async #try(work: () => Promise<void>): Promise<void> {
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
