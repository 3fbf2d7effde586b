import type { Pool } from "pg";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import { Problem } from "../../../shared/errors.ts";
import { countBacklog } from "../../../shared/db/operators/backlog.ts";

/** Maximum age of a count. The limit guards against a flood, not against one message too many. */
const maxAgeMs = 1000;

const retrySeconds = 10;

export function fullBacklog(): Problem {
  const detail = "The queue is full: too many messages are waiting for a reply. Try again in a few seconds.";
  return new Problem("backlog", detail, { retryAfterSeconds: retrySeconds });
}

/** Counts the messages that have no reply yet, at most once a second however many requests ask. */
export class Backlog {
  readonly #limit: number;
  readonly #count: () => Promise<number>;

  constructor(pool: Pool, limit: number) {
    this.#limit = limit;
    this.#count = cachedFor(maxAgeMs, () => countBacklog(pool, limit));
  }

  async isFull(): Promise<boolean> {
    return (await this.#count()) >= this.#limit;
  }
}
