import { ProviderError } from "../provider.ts";

/**
 * Notices a second generation in one stream: a gateway tried again in the middle, and the texts of two replies would be
 * joined. Some servers name each chunk anew, so ids count only where one of them came back.
 */
export class Generation {
  #newest: string | undefined;
  #ofText: string | undefined;
  #repeats = false;
  #changed = false;

  /**
   * Takes the id of an event that belongs to the reply.
   * @throws {ProviderError} `malformed`
   */
  note(id: string | undefined, hasText: boolean): void {
    if (!id) return;
    this.#repeats ||= id === this.#newest;
    this.#newest = id;
    if (hasText) {
      this.#changed ||= this.#ofText !== undefined && id !== this.#ofText;
      this.#ofText = id;
    }
    if (this.#repeats && this.#changed) throw secondGeneration();
  }
}

/** The same where each reply has one event that begins it. */
export class Beginning {
  #id: string | undefined;

  /** @throws {ProviderError} `malformed`; a repeated beginning with the same id is harmless */
  note(id: string | undefined): void {
    if (!id) return;
    if (this.#id !== undefined && id !== this.#id) throw secondGeneration();
    this.#id = id;
  }
}

function secondGeneration(): ProviderError {
  return new ProviderError("malformed", "two replies in one stream: a gateway has called its upstream again");
}
