import type { Pool } from "pg";
import { Listeners } from "../../../shared/async/listeners.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import { readWaiting } from "../../../shared/db/voices/waiting.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { Expected } from "../../../shared/protocol/handling.ts";
import { placesEveryMs } from "../../../shared/tunables.ts";
import type { HandlingView } from "../voices/handling-view.ts";

/** Place of a conversation among those that wait for a person, from 1, and what its visitor may expect now. */
export interface WaitingPlace {
  position: number;
  expected: Expected;
}

interface Parts {
  pool: Pool;
  siteId: string;
  handling: Pick<HandlingView, "expect">;
  log: Logger;
  everyMs?: number;
}

/**
 * Tells the streams of conversations that wait for a person their places, and what changes in what they may expect without an
 * event: somebody comes online, the hours end. One statement for all of this process, and none while nobody waits here.
 */
export class WaitingPlaces {
  readonly #parts: Parts;
  readonly #listeners = new Listeners<WaitingPlace>();
  #stop: (() => Promise<void>) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param listener is told now and then, also of what has not changed
   * @returns a function that ends it
   */
  listen(conversationId: string, listener: (place: WaitingPlace) => void): () => void {
    const remove = this.#listeners.add(conversationId, listener);
    this.#stop ??= repeat(this.#parts.everyMs ?? placesEveryMs, () => this.#look());
    return () => {
      remove();
      if (this.#listeners.size === 0) void this.close();
    };
  }

  async close(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    await stop?.();
  }

  async #look(): Promise<void> {
    const { pool, siteId, handling, log } = this.#parts;
    try {
      for (const [index, { id, overdue }] of (await readWaiting(pool, siteId)).entries()) {
        this.#listeners.tell(id, { position: index + 1, expected: await handling.expect(overdue) });
      }
    } catch (error) {
      log.debug({ err: error }, "could not read who waits");
    }
  }
}
