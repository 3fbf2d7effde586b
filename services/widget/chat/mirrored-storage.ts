import { newKey } from "../../../packages/client/source/new-key.ts";
import type { KeyValueStorage } from "./environment.ts";

/** Start of the key of a mark beside the values. Its absence shows that other code has cleared the storage. */
const markPrefix = "parley.mark ";

/**
 * Storage with a copy in memory of all values that this tab has read or written. A browser's storage may be absent,
 * `null`, full, denied, or take values without keeping them: a value counts as stored once it can be read back. If the
 * page clears its storage, as at its log-out, the copy is written back. Values that the chat itself removes, here or in
 * another tab, stay removed: that leaves the mark in place.
 */
export class MirroredStorage {
  readonly #storage: KeyValueStorage | null | undefined;
  readonly #prefix: string;
  readonly #markKey: string;
  readonly #known = new Map<string, string>();
  /** Keys whose newest value, or removal, the storage did not take. */
  readonly #unsaved = new Set<string>();
  #mark: string | undefined;

  constructor(storage: KeyValueStorage | null | undefined, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
    this.#markKey = markPrefix + prefix;
  }

  read(key: string): string | undefined {
    this.#restore();
    if (this.#unsaved.has(key)) return this.#known.get(key);
    const stored = this.#load(this.#prefix + key);
    if (stored === undefined) return this.#known.get(key);
    if (stored === null) this.#known.delete(key);
    else this.#known.set(key, stored);
    return stored ?? undefined;
  }

  /**
   * @param value `undefined` removes the key
   * @returns false if the value is kept in memory only
   */
  write(key: string, value: string | undefined): boolean {
    this.#restore();
    if (value === undefined) this.#known.delete(key);
    else this.#known.set(key, value);
    const stored = this.#store(this.#prefix + key, value);
    if (stored) this.#unsaved.delete(key);
    else this.#unsaved.add(key);
    if (stored && value !== undefined && this.#mark === undefined) this.#writeMark();
    return stored;
  }

  /** Lists the keys of stored values and of those in memory. */
  keys(): string[] {
    this.#restore();
    const keys = new Set(this.#known.keys());
    try {
      for (let index = 0; index < (this.#storage?.length ?? 0); index++) {
        const key = this.#storage?.key(index) ?? "";
        if (key.startsWith(this.#prefix)) keys.add(key.slice(this.#prefix.length));
      }
    } catch {
      // Denied, or a stand-in of the page without a list of keys.
    }
    return [...keys];
  }

  /** Writes the known values back if other code has cleared the storage since this tab last used it. */
  #restore(): void {
    const mark = this.#load(this.#markKey);
    if (mark === undefined || (mark ?? undefined) === this.#mark) return;
    const wasCleared = this.#mark !== undefined;
    this.#mark = mark ?? undefined;
    if (!wasCleared) return;
    // Another tab may have written values back already, or newer ones.
    for (const [key, value] of this.#known) {
      const name = this.#prefix + key;
      if (this.#load(name) === null) this.#store(name, value);
    }
    if (mark === null) this.#writeMark();
  }

  #writeMark(): void {
    const mark = newKey();
    if (this.#store(this.#markKey, mark)) this.#mark = mark;
  }

  /** @returns `null`: no value; `undefined`: the storage cannot be read */
  #load(key: string): string | null | undefined {
    try {
      const value = this.#storage?.getItem(key);
      return typeof value === "string" || value === null ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #store(key: string, value: string | undefined): boolean {
    try {
      if (value === undefined) this.#storage?.removeItem(key);
      else this.#storage?.setItem(key, value);
      return this.#load(key) === (value ?? null);
    } catch {
      return false;
    }
  }
}
