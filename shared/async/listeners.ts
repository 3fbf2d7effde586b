type Listener<Item> = (item: Item) => void;

/**
 * Listeners by key. A key with one listener, as most have, takes a third of the memory of a set: a process holds
 * thousands of idle streams.
 */
export class Listeners<Item> {
  readonly #byKey = new Map<string, Listener<Item> | Set<Listener<Item>>>();

  /** Number of keys. */
  get size(): number {
    return this.#byKey.size;
  }

  /**
   * @param listener a function of its own: not one that listens already
   * @returns a function that ends it
   */
  add(key: string, listener: Listener<Item>): () => void {
    const known = this.#byKey.get(key);
    if (known === undefined) this.#byKey.set(key, listener);
    else if (typeof known === "function") this.#byKey.set(key, new Set([known, listener]));
    else known.add(listener);
    return () => this.#remove(key, listener);
  }

  tell(key: string, item: Item): void {
    const known = this.#byKey.get(key);
    if (typeof known === "function") known(item);
    else for (const listener of known ?? []) listener(item);
  }

  #remove(key: string, listener: Listener<Item>): void {
    const known = this.#byKey.get(key);
    if (known === listener) this.#byKey.delete(key);
    if (typeof known !== "object" || !known.delete(listener) || known.size > 0) return;
    this.#byKey.delete(key);
  }
}
