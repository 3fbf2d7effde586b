import type { Reply } from "./reply.ts";

/**
 * How long is waited, in milliseconds, for what follows a reply that has its finish reason.
 *
 * `whole`: usage at best. `early`: more of the reply, where the finish reason came with every chunk or with the first; long
 * enough for the pauses of a healthy stream. `done`: after the end mark only the end of the body follows, which the
 * connection needs to be used again.
 */
const tailMs = { whole: 1_000, early: 5_000, done: 100 };

/** Ends what follows a whole reply, once nothing more of it comes. */
export class Tail {
  readonly #end: () => void;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(end: () => void) {
    this.#end = end;
  }

  /** Call it after events of the reply: it begins anew only where they have brought something of the reply itself. */
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

/** A reply without words is of no use: it is waited for like one that goes on. */
function limitOf({ done, finishedEarly, hasWords }: Reply): number {
  if (done) return tailMs.done;
  return finishedEarly || !hasWords ? tailMs.early : tailMs.whole;
}
