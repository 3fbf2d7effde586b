/** What the fake provider keeps of conversations, in memory, for tests to look at. */
export class FakeThreads {
  /** Ids, in the order of their making. */
  readonly created: string[] = [];
  /** Ids, in the order of their deletion. */
  readonly deleted: string[] = [];
  readonly #items = new Map<string, FakeItem[]>();
  #lastItem = 0;

  /** What a thread holds now, in order; deleting a thread does not by itself delete what it holds. */
  items(threadId: string): readonly FakeItem[] {
    return this.#items.get(threadId) ?? [];
  }

  create(prefix: string): string {
    const id = `${prefix}_${this.created.length + 1}`;
    this.created.push(id);
    return id;
  }

  /** A thread that was never made here was made elsewhere before, as one that a client adopts. */
  exists(threadId: string): boolean {
    return !this.deleted.includes(threadId);
  }

  add(threadId: string, messages: readonly Said[]): FakeItem[] {
    const items = messages.map(({ role, text }) => ({ id: `item_${++this.#lastItem}`, role, text }));
    this.#items.set(threadId, [...this.items(threadId), ...items]);
    return items;
  }

  /** @returns whether it was there */
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
