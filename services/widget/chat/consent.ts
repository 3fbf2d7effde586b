import type { KeyValueStorage } from "./environment.ts";
import { MirroredStorage } from "./mirrored-storage.ts";

/** The visitor's agreement that a conversation begins: one for all chats of this browser with a server. */
export class Consent {
  /** Whether visitors must agree; `undefined` until that is known. */
  wanted: boolean | undefined;
  readonly #prefix: string;
  readonly #stored: MirroredStorage;

  constructor(storage: KeyValueStorage | null | undefined, server: string, wanted: boolean | undefined) {
    this.wanted = wanted;
    this.#prefix = `parley.consent ${server} `;
    this.#stored = new MirroredStorage(storage, this.#prefix);
  }

  /** Time at which it was given, as an ISO string. Other code may have written there: what is no time counts as none. */
  get givenAt(): string | undefined {
    const time = this.#stored.read("time");
    return time !== undefined && /^\d{4}-[\d:.TZ-]{1,24}$/.test(time) ? time : undefined;
  }

  get mayBegin(): boolean {
    return this.wanted === false || this.givenAt !== undefined;
  }

  /** @param now Unix milliseconds */
  give(now: number): void {
    this.#stored.write("time", new Date(now).toISOString());
  }

  forget(): void {
    this.#stored.write("time", undefined);
  }

  /** True if a storage change of this key may be another tab's agreement. */
  isStoredUnder(key: string | null): boolean {
    return key?.startsWith(this.#prefix) ?? false;
  }
}
