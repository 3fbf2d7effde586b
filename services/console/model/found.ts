import type { InboxEntry } from "../../../shared/protocol/operator.ts";
import type { FoundEntry, FoundPage, TroubleFilter } from "../../../shared/protocol/people/search.ts";
import type { OperatorApi } from "../client/operator-api.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import { changeOf, type EntryEvent } from "./entry-changes.ts";

/** Filters of the form; the empty one takes all. */
export const filters: readonly (TroubleFilter | "")[] = [
  "",
  "failed",
  "failed_call",
  "apology",
  "other_provider",
  "down",
];

/** Reads a filter of an address or a form; another word is none. */
export function filterOf(given: unknown): TroubleFilter | "" {
  return filters.find((each) => each === given) ?? "";
}

/** Words and a filter that a person gave: at least one of the two. */
export interface Asked {
  readonly text: string;
  readonly filter: TroubleFilter | "";
}

/** Conversations that were searched for. They stay in their order, and are kept up to date by events. */
export class FoundList {
  /** `undefined` while nothing is searched for: then the queue is shown. */
  asked: Asked | undefined;
  /** `undefined` until they were read. */
  entries: readonly InboxEntry[] | undefined;
  problem: ServiceProblem | undefined;
  #nextBefore: string | undefined;
  readonly #matches = new Map<string, FoundEntry["match"]>();
  readonly #api: OperatorApi;
  readonly #changed: () => void;

  constructor(api: OperatorApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  get hasMore(): boolean {
    return this.#nextBefore !== undefined;
  }

  /** Why the conversation was found. */
  matchOf(id: string): FoundEntry["match"] | undefined {
    return this.#matches.get(id);
  }

  /** Searches, unless this is what is shown. */
  show({ text, filter }: Asked): void {
    if (text !== (this.asked?.text ?? "") || filter !== (this.asked?.filter ?? "")) this.search({ text, filter });
  }

  search({ text, filter }: Asked): void {
    const asked = { text: text.trim(), filter };
    this.asked = asked.text === "" && filter === "" ? undefined : asked;
    this.entries = undefined;
    this.problem = undefined;
    this.#nextBefore = undefined;
    this.#matches.clear();
    if (this.asked) void this.#read(this.asked);
    this.#changed();
  }

  async readMore(): Promise<void> {
    if (this.asked && this.#nextBefore !== undefined) await this.#read(this.asked, this.#nextBefore);
  }

  receive(event: EntryEvent, readId: string | undefined): void {
    const change = changeOf(event, readId);
    if (change) this.update(event.data.conversationId, change);
  }

  update(id: string, change: (entry: InboxEntry) => InboxEntry): void {
    this.entries = this.entries?.map((entry) => (entry.id === id ? change(entry) : entry));
  }

  async #read(asked: Asked, before?: string): Promise<void> {
    try {
      const page = await this.#api.search(asked, before);
      if (this.asked !== asked) return;
      this.#add(page);
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      if (this.asked !== asked) return;
      this.problem = error;
    }
    this.#changed();
  }

  #add({ conversations, nextBefore }: FoundPage): void {
    // One that was found by another message, too, stays where it is.
    const fresh = conversations.filter(({ id }) => !this.#matches.has(id));
    for (const { id, match } of fresh) this.#matches.set(id, match);
    this.entries = [...(this.entries ?? []), ...fresh];
    this.#nextBefore = nextBefore;
    this.problem = undefined;
  }
}
