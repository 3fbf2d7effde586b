import type { Pool } from "pg";
import { countBacklog } from "../../../shared/db/operators/backlog.ts";

/** Maximum age of a count. The limit guards against a flood, not against one message too many. */
const maxAgeMs = 1000;

/** Counts the messages that have no reply yet, at most once a second however many requests ask. */
export class Backlog {
  readonly #pool: Pool;
  readonly #limit: number;
  #counted: { at: number; count: Promise<number> } | undefined;

  constructor(pool: Pool, limit: number) {
    this.#pool = pool;
    this.#limit = limit;
  }

  async isFull(): Promise<boolean> {
    const now = performance.now();
    if (!this.#counted || now - this.#counted.at > maxAgeMs) {
      const count = countBacklog(this.#pool, this.#limit);
      this.#counted = { at: now, count };
      // Drop a failed count, so that the next request counts again.
      count.catch(() => (this.#counted = undefined));
    }
    return (await this.#counted.count) >= this.#limit;
  }
}
