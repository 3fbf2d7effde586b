/** Items of one call; there is at least one. */
export type Items<Item> = readonly [Item, ...Item[]];

interface InFlight<Item, Result> {
  call: Promise<readonly Result[]>;
  next?: { items: [Item, ...Item[]]; call: Promise<readonly Result[]> };
}

/**
 * Makes one call per key at a time. An item that arrives while none is in flight is sent at once; those that arrive
 * during a call share the next one. So a call is never older than its items. It fails for its own items only.
 */
export class Coalescer<Item, Result> {
  readonly #send: (items: Items<Item>, key: string) => Promise<readonly Result[]>;
  readonly #inFlight = new Map<string, InFlight<Item, Result>>();

  /** @param send returns the results in the order of the items */
  constructor(send: (items: Items<Item>, key: string) => Promise<readonly Result[]>) {
    this.#send = send;
  }

  async add(key: string, item: Item): Promise<Result> {
    const { call, place } = this.#join(key, item);
    return (await call)[place] as Result;
  }

  /** Resolves when no call is in flight. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled([...this.#inFlight.values()].map(({ call }) => call));
  }

  #join(key: string, item: Item): { call: Promise<readonly Result[]>; place: number } {
    const inFlight = this.#inFlight.get(key);
    if (!inFlight) return { call: this.#start(key, [item]), place: 0 };
    if (inFlight.next) return { call: inFlight.next.call, place: inFlight.next.items.push(item) - 1 };
    const items: [Item, ...Item[]] = [item];
    const start = () => this.#start(key, items);
    inFlight.next = { items, call: inFlight.call.then(start, start) };
    return { call: inFlight.next.call, place: 0 };
  }

  #start(key: string, items: Items<Item>): Promise<readonly Result[]> {
    const inFlight: InFlight<Item, Result> = { call: this.#send(items, key) };
    this.#inFlight.set(key, inFlight);
    const end = () => {
      if (!inFlight.next) this.#inFlight.delete(key);
    };
    inFlight.call.then(end, end);
    return inFlight.call;
  }
}
