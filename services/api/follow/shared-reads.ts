/**
 * Reads that many want at the same moment, as the followers of one job do when it changes: one read serves all who asked
 * before it began. Who asks while it is under way may know of something newer, and shares the next one.
 */
export class SharedReads<Args extends (string | number)[], Result> {
  readonly #read: (...args: Args) => Promise<Result>;
  readonly #running = new Map<string, { now: Promise<Result>; next: Promise<Result> | undefined }>();

  constructor(read: (...args: Args) => Promise<Result>) {
    this.#read = read;
  }

  /** What is read is shared, too: it must not be changed. */
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
