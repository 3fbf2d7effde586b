/** What a chat needs of the page it lives in, so that it also runs where there is none. */
export interface Surroundings {
  /** What outlives a reload; may be absent, throw, or be full. */
  readonly storage: KeyValueStorage | undefined;
  /** Lets one tab at a time do something; absent outside secure contexts. */
  readonly locks: Locks | undefined;
  /** Opens a channel to the other tabs. @param hear is called with what they post */
  readonly openChannel: ((name: string, hear: (message: unknown) => void) => Channel) | undefined;
  /** Unix milliseconds; may be wrong, and may jump. */
  now(): number;
  /** What the browser believes; not always right. */
  online(): boolean;
  /** Whether anybody may be looking. */
  visible(): boolean;
  /** Calls back once, with the next frame. */
  frame(run: () => void): void;
  /** @returns how to stop that */
  listen(hear: PageListener): () => void;
}

/** `storage`: another tab wrote to it, under `key`; `null`: it cleared all. */
export type PageListener = (
  event: "online" | "offline" | "visible" | "hidden" | "storage",
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
  request(name: string, options: { signal: AbortSignal }, act: () => Promise<void>): Promise<unknown>;
}

export interface Channel {
  post(message: unknown): void;
  close(): void;
}
