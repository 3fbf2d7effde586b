import { ProviderError } from "../provider.ts";

/**
 * Detects a second generation in one stream: a gateway retried in the middle, and the texts of two replies would be
 * joined. Some servers give each chunk a new id, so ids count only after one of them was repeated.
 */
export class Generation {
  #newest: string | undefined;
  #ofText: string | undefined;
  #repeats = false;
  #changed = false;

  /**
   * Records the id of an event that belongs to the reply.
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

/** Detects a second generation where each reply has one event that begins it. */
export class GenerationStart {
  #id: string | undefined;

  /** @throws {ProviderError} `malformed`; a repeated beginning with the same id is harmless */
  note(id: string | undefined): void {
    if (!id) return;
    if (this.#id !== undefined && id !== this.#id) throw secondGeneration();
    this.#id = id;
  }
}

function secondGeneration(): ProviderError {
  return new ProviderError("malformed", "two replies in one stream: a gateway called its upstream again");
}
