import type { Inbox, InboxEntry, InboxView } from "../../../shared/protocol/operator.ts";
import { inboxPage, type OperatorApi } from "../client/operator-api.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import { Coalesced } from "./coalesced.ts";
import { asSeen, changeOf, type EntryEvent } from "./entry-changes.ts";

export const inboxViews: readonly InboxView[] = ["waiting", "mine", "all", "closed"];

interface List {
  readonly entries: readonly InboxEntry[];
  readonly nextBefore: string | undefined;
}

/** Least time between two reads of the lists: on a busy day, each second brings events. */
const readEveryMs = 1000;
/** The same for conversations that begin: with many visitors, some always do. */
const readNewEveryMs = 3000;
/** So many stand for more, too. */
const countedAtMost = 100;

/** The queue: the list that is looked at, and two that are always known: those who wait, and the operator's own. */
export class Queue {
  view: InboxView = "waiting";
  problem: ServiceProblem | undefined;
  readonly #api: OperatorApi;
  readonly #changed: () => void;
  readonly #lists = new Map<InboxView, List>();
  readonly #reading = new Coalesced(() => this.#readLists("waiting", "mine", this.view), readEveryMs);
  readonly #readingNew = new Coalesced(() => this.#readLists(this.view), readNewEveryMs);
  /** Conversations that this operator has. */
  #mine: ReadonlySet<string> = new Set();
  #counts: Partial<Inbox["counts"]> = {};
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(api: OperatorApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  /** Entries of the view; `undefined` until they were read. */
  get entries(): readonly InboxEntry[] | undefined {
    return this.#lists.get(this.view)?.entries;
  }

  get hasMore(): boolean {
    return this.#lists.get(this.view)?.nextBefore !== undefined;
  }

  /** How many conversations a view has, as text; empty for none. */
  count(view: InboxView): string {
    const count = this.#counts[view] ?? 0;
    return countText(count);
  }

  /** How many messages of visitors came in the operator's own conversations since they looked, as text. */
  get unread(): string {
    return countText((this.#lists.get("mine")?.entries ?? []).reduce((sum, { unread = 0 }) => sum + unread, 0));
  }

  isMine(id: string): boolean {
    return this.#mine.has(id);
  }

  find(id: string): InboxEntry | undefined {
    return [...this.#lists.values()].flatMap(({ entries }) => entries).find((entry) => entry.id === id);
  }

  /** @returns the cursor from which to follow the inbox's events */
  async begin(): Promise<string> {
    const { conversations, cursor, nextBefore, counts } = await this.#api.inbox("waiting");
    this.#lists.set("waiting", { entries: conversations, nextBefore });
    this.#noteCounts(counts);
    this.refresh();
    return cursor;
  }

  show(view: InboxView): void {
    if (view === this.view) return;
    this.view = view;
    this.refresh();
    this.#changed();
  }

  /** Reads the lists again, soon. */
  refresh(): void {
    this.#reading.ask();
  }

  async readMore(): Promise<void> {
    const { view } = this;
    const list = this.#lists.get(view);
    if (list?.nextBefore === undefined) return;
    try {
      const { conversations, nextBefore } = await this.#api.inbox(view, list.nextBefore);
      const known = new Set(list.entries.map(({ id }) => id));
      this.#lists.set(view, {
        entries: [...list.entries, ...conversations.filter(({ id }) => !known.has(id))],
        nextBefore,
      });
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.problem = error;
    }
    this.#changed();
  }

  noteSeen = (id: string): void => {
    this.#update(id, asSeen);
    this.#reading.again();
    this.#changed();
  };

  /** @param seer the operator, and the conversation that is before their eyes */
  receive(event: EntryEvent, { me, readId }: { me: string | undefined; readId: string | undefined }): void {
    const { conversationId: id } = event.data;
    if (event.event === "typing" || event.event === "notice") return;
    const change = changeOf(event, readId);
    if (change) this.#update(id, change);
    if (event.event === "message") this.#moveUp(id);
    if (event.event === "handling") {
      const { handledBy, operatorId } = event.data;
      const others = [...this.#mine].filter((each) => each !== id);
      this.#mine = new Set(handledBy === "operator" && operatorId === me ? [...others, id] : others);
    }
    if (event.event === "handling" || event.event === "deleted") this.refresh();
    else if (this.view === "all" && this.find(id) === undefined) this.#readingNew.ask();
  }

  #moveUp(id: string): void {
    const all = this.#lists.get("all");
    const entry = all?.entries.find((each) => each.id === id);
    if (all && entry) {
      this.#lists.set("all", { ...all, entries: [entry, ...all.entries.filter((each) => each !== entry)] });
    }
  }

  /** A service of an earlier version counts none. */
  #noteCounts(counts: Inbox["counts"] | undefined): void {
    if (counts) this.#counts = counts;
  }

  #update(id: string, change: (entry: InboxEntry) => InboxEntry): void {
    for (const [view, list] of this.#lists) {
      const entries = list.entries.map((entry) => (entry.id === id ? change(entry) : entry));
      this.#lists.set(view, { ...list, entries });
    }
  }

  async #readLists(...views: InboxView[]): Promise<void> {
    clearTimeout(this.#again);
    try {
      await Promise.all([...new Set(views)].map((view) => this.#readList(view)));
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.problem = error;
      if (error.passes) this.#again = setTimeout(() => this.refresh(), readEveryMs);
    }
    this.#changed();
  }

  /** Reads the first page. Those below it, which a person has asked for, stay. */
  async #readList(view: InboxView): Promise<void> {
    const { conversations, nextBefore, counts } = await this.#api.inbox(view);
    this.#noteCounts(counts);
    if (view === "mine") this.#mine = new Set(conversations.map(({ id }) => id));
    const before = this.#lists.get(view);
    const grown = nextBefore !== undefined && before !== undefined && before.entries.length > inboxPage;
    const known = new Set(conversations.map(({ id }) => id));
    const below = grown ? before.entries.slice(inboxPage).filter(({ id }) => !known.has(id)) : [];
    this.#lists.set(view, {
      entries: [...conversations, ...below],
      nextBefore: grown ? before.nextBefore : nextBefore,
    });
  }
}

function countText(count: number): string {
  return count === 0 ? "" : count < countedAtMost ? String(count) : `${countedAtMost - 1}+`;
}
