import { BatchRunner } from "./batch-runner.ts";
import type { BatchWork, Waiting } from "./batch-work.ts";
import { takeBatch } from "./take-batch.ts";

/** Maximum batches in flight. Later items wait for the next one. */
const maxRunning = 2;
/** Maximum time an item waits for a slot, so a hanging batch does not use up the timeouts of those behind it. */
const maxWaitMs = 50;
/** Maximum items in a batch. Longer statements gain nothing, and hold their locks longer. */
const mostItems = 100;

/** Batches the calls of one event-loop turn, and those that wait while as many batches as allowed are in flight. */
export class Batcher<Item, Result> {
  readonly #runner: BatchRunner<Item, Result>;
  readonly #keyOf: ((item: Item) => string) | undefined;
  #waiting: Waiting<Item, Result>[] = [];
  #running = 0;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;
  constructor(work: BatchWork<Item, Result>, keyOf?: (item: Item) => string) {
    this.#runner = new BatchRunner(work, mostItems);
    this.#keyOf = keyOf;
  }

  do(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#waiting.length === 0 || this.#isScheduled) return;
    if (this.#running >= maxRunning) this.#timer ??= setTimeout(() => this.#flush({ all: true }), maxWaitMs);
    else {
      this.#isScheduled = true;
      queueMicrotask(() => this.#flush({ all: false }));
    }
  }

  #flush({ all }: { all: boolean }): void {
    this.#isScheduled = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sendNext();
    if (all) while (this.#waiting.length > 0) this.#sendNext();
    this.#schedule();
  }

  #sendNext(): void {
    const [batch, left] = takeBatch(this.#waiting, { limit: this.#runner.limit, keyOf: this.#keyOf });
    this.#waiting = left;
    this.#running += 1;
    void this.#runner.run(batch).then(() => {
      this.#running -= 1;
      this.#schedule();
    });
  }
}
