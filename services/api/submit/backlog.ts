import type { Pool } from "pg";
import { countBacklog } from "../../../shared/db/operators/backlog.ts";

/** A count may be this old: the limit guards against a flood, not against one message too many. */
const maxAgeMs = 1000;

/** How many messages have no reply yet, counted at most once a second however many requests ask. */
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
      // A failed count is not kept for the rest of the second.
      count.catch(() => (this.#counted = undefined));
    }
    return (await this.#counted.count) >= this.#limit;
  }
}
