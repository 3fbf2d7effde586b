/**
 * Shares reads that are wanted at the same moment, as by the followers of one job when it changes. One read serves all
 * callers that asked before it began. Callers during a read may know of something newer, so they share the next one.
 */
export class SharedReads<Args extends (string | number)[], Result> {
  readonly #read: (...args: Args) => Promise<Result>;
  readonly #running = new Map<string, { now: Promise<Result>; next: Promise<Result> | undefined }>();

  constructor(read: (...args: Args) => Promise<Result>) {
    this.#read = read;
  }

  /** The result is shared, too: do not modify it. */
  read(...args: Args): Promise<Result> {
    const key = args.join();
    const running = this.#running.get(key);
    if (!running) return this.#start(key, args);
    running.next ??= settled(running.now).then(() => this.#start(key, args));
    return running.next;
  }

  #start(key: string, args: Args): Promise<Result> {
    const running = { now: this.#read(...args), next: undefined };
    this.#running.set(key, running);
    void settled(running.now).then(() => {
      if (!running.next) this.#running.delete(key);
    });
    return running.now;
  }
}

async function settled(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}
