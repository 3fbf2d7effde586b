import type { BatchWork, Waiting } from "./batch-work.ts";

/** Runs batches so that an item that is skipped, or that makes a batch fail, neither delays nor fails the others. */
export class BatchRunner<Item, Result> {
  readonly #work: BatchWork<Item, Result>;
  readonly #most: number;
  #limit: number;

  /** @param most maximum items in a batch */
  constructor(work: BatchWork<Item, Result>, most: number) {
    this.#work = work;
    this.#most = most;
    this.#limit = most;
  }

  /** Current batch limit: halved in an outage, doubled on success, so an oversized batch is not retried forever. */
  get limit(): number {
    return this.#limit;
  }

  /** Runs a batch and settles its callers. Never rejects: errors go to the callers. */
  async run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const { runBatch, runOne, isOutage } = this.#work;
    const [first] = batch;
    try {
      if (first && batch.length === 1) first.resolve(await runOne(first.item));
      else {
        const results = await runBatch(batch.map(({ item }) => item));
        for (const [place, { item, resolve }] of batch.entries()) {
          const done = results[place];
          resolve(done ? done.result : runOne(item));
        }
      }
      this.#limit = Math.min(this.#most, this.#limit * 2);
    } catch (error) {
      if (batch.length > 1 && !isOutage(error)) return this.#runHalves(batch);
      if (batch.length > 1) this.#limit = Math.ceil(batch.length / 2);
      for (const { reject } of batch) reject(error);
    }
  }

  async #runHalves(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const middle = batch.length >> 1;
    await Promise.all([this.run(batch.slice(0, middle)), this.run(batch.slice(middle))]);
  }
}
