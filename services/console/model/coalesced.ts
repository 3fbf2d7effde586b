/** Runs a task when asked: soon, one at a time, not too often, and once for many that ask meanwhile. */
export class Coalesced {
  readonly #task: () => Promise<void>;
  readonly #everyMs: number;
  #running = false;
  #asked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** @param everyMs least time between two beginnings */
  constructor(task: () => Promise<void>, everyMs: number) {
    this.#task = task;
    this.#everyMs = everyMs;
  }

  ask(): void {
    this.#asked = true;
    if (this.#running || this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#lastAt + this.#everyMs - performance.now());
    this.#timer = setTimeout(() => void this.#run(), waitMs);
  }

  /** Runs once more if it runs now: what it reads may be older than what has just changed. */
  again(): void {
    if (this.#running) this.ask();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asked = false;
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#asked = false;
    this.#running = true;
    this.#lastAt = performance.now();
    try {
      await this.#task();
    } finally {
      this.#running = false;
      if (this.#asked) this.ask();
    }
  }
}
