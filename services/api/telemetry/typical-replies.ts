import type { Pool } from "pg";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import { within } from "../../../shared/async/within.ts";
import { readReplyTimes } from "../../../shared/db/operators/reply-times.ts";
import type { Logger } from "../../../shared/logger.ts";

/** Reads the times at most once in this time, however many requests ask. */
const freshMs = 300_000;
const timeoutMs = 1000;

/** How long each assistant's replies usually take. */
export class TypicalReplies {
  readonly #pool: Pool;
  readonly #log: Logger;
  #last: ReadonlyMap<string, number> = new Map();

  constructor({ pool, log }: { pool: Pool; log: Logger }) {
    this.#pool = pool;
    this.#log = log;
  }

  readonly #look = cachedFor(freshMs, async () => {
    const times = await within(timeoutMs, readReplyTimes(this.#pool));
    this.#last = new Map(times.map(({ assistantType, seconds }) => [assistantType, Math.max(1, Math.round(seconds))]));
  });

  /**
   * Returns the seconds by assistant type; absent for one with few recent replies. While PostgreSQL is down, the last
   * known ones.
   */
  async read(): Promise<ReadonlyMap<string, number>> {
    await this.#look().catch((error: unknown) => {
      this.#log.debug({ err: error }, "could not read how long replies take");
    });
    return this.#last;
  }
}
