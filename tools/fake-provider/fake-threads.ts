/** Conversations kept by the fake provider, in memory, for tests to inspect. */
export class FakeThreads {
  /** Ids in order of creation. */
  readonly created: string[] = [];
  /** Ids in order of deletion. */
  readonly deleted: string[] = [];
  readonly #items = new Map<string, FakeItem[]>();
  #lastItem = 0;

  /** Lists a thread's present items in order. Deleting a thread does not delete its items. */
  items(threadId: string): readonly FakeItem[] {
    return this.#items.get(threadId) ?? [];
  }

  create(prefix: string): string {
    const id = `${prefix}_${this.created.length + 1}`;
    this.created.push(id);
    return id;
  }

  /**
   * True unless the thread was deleted here. An unknown thread counts as created elsewhere before, like one that a
   * client adopts.
   */
  exists(threadId: string): boolean {
    return !this.deleted.includes(threadId);
  }

  add(threadId: string, messages: readonly Said[]): FakeItem[] {
    const items = messages.map(({ role, text }) => ({ id: `item_${++this.#lastItem}`, role, text }));
    this.#items.set(threadId, [...this.items(threadId), ...items]);
    return items;
  }

  /** @returns true if the item existed */
  deleteItem(threadId: string, itemId: string): boolean {
    const items = this.items(threadId);
    this.#items.set(
      threadId,
      items.filter(({ id }) => id !== itemId),
    );
    return this.items(threadId).length < items.length;
  }

  deleteThread(threadId: string): void {
    this.deleted.push(threadId);
  }
}

interface Said {
  role: string;
  text: string;
}

export interface FakeItem extends Said {
  id: string;
}
