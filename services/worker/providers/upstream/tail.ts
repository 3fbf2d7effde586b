import type { Reply } from "./reply.ts";
import { replyTailMs } from "../../../../shared/tunables.ts";

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
  if (done) return replyTailMs.done;
  return finishedEarly || !hasWords ? replyTailMs.early : replyTailMs.whole;
}
