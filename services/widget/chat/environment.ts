/** Dependencies of a chat on its page, as an interface: a chat also runs without a page. */
export interface Environment {
  /** Storage that outlives a reload; may be absent or `null`, throw, be full, or keep nothing. */
  readonly storage: KeyValueStorage | null | undefined;
  /** Locks that serialise work between tabs; absent outside secure contexts. */
  readonly locks: Locks | undefined;
  /**
   * Opens a channel to the other tabs.
   * @param listener is called with their messages
   * @returns `undefined` if the browser has none, or denies it
   */
  openChannel(name: string, listener: (message: unknown) => void): Channel | undefined;
  /** Unix milliseconds; may be wrong, and may jump. */
  now(): number;
  /** The browser's belief about the network; not always right. */
  online(): boolean;
  /** True if the page may be visible. */
  visible(): boolean;
  /** True if the visitor's keys reach the page. */
  focused(): boolean;
  /** Calls back once, with the next frame. */
  requestFrame(run: () => void): void;
  /** @returns a function that stops listening */
  listen(listener: PageListener): () => void;
}

/**
 * Listener of the page's events. `hidden`: it may also be about to be frozen or left. `storage`: another tab wrote to the storage,
 * under `key`; `null`: it cleared all.
 */
export type PageListener = (
  event: "online" | "offline" | "visible" | "hidden" | "focus" | "storage",
  key?: string | null,
) => void;

export interface KeyValueStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Locks {
  request(name: string, options: { signal: AbortSignal }, run: () => Promise<void>): Promise<unknown>;
  /** Resolves once the requests made before are granted or queued. */
  query(): Promise<unknown>;
}

export interface Channel {
  post(message: unknown): void;
  close(): void;
}
