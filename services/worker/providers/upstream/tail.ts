import type { Reply } from "./reply.ts";

/**
 * Time to wait, in milliseconds, after the finish reason of a reply.
 *
 * `whole`: at best, usage follows. `early`: more of the reply follows, since the finish reason was sent with every
 * chunk or with the first; long enough for the pauses of a healthy stream. `done`: only the end of the body follows the
 * end mark, and the connection cannot be reused without it.
 */
const tailMs = { whole: 1_000, early: 5_000, done: 100 };

/** Ends the wait after a whole reply, once nothing more of it arrives. */
export class Tail {
  readonly #end: () => void;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(end: () => void) {
    this.#end = end;
  }

  /** Call it after each batch of events. The wait restarts only if the batch brought something of the reply itself. */
  follow(reply: Reply, { worked }: { worked: boolean }): void {
    if (!reply.whole || this.#ended) return;
    this.#ended = reply.done;
    if (this.#timer !== undefined && !worked && !reply.done) return;
    this.clear();
    this.#timer = setTimeout(this.#end, limitOf(reply));
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** A reply without words is useless, so the wait is that of a reply that continues. */
function limitOf({ done, finishedEarly, hasWords }: Reply): number {
  if (done) return tailMs.done;
  return finishedEarly || !hasWords ? tailMs.early : tailMs.whole;
}
