import type { Live } from "../../../shared/live/live.ts";
import type { Logger } from "../../../shared/logger.ts";

interface DraftWriterOptions {
  live: Pick<Live, "append" | "rewrite">;
  jobId: string;
  attempt: number;
  /** Asks the job's row whether this attempt is still the present one. */
  isMine: () => Promise<boolean>;
  /** Called once, when it is not. */
  onLost: () => void;
  log: Logger;
}

/** Deltas are joined for so long: people see no difference, and the stores do a tenth of the work. */
const joinMs = 40;
/** How long a store that failed is left alone; the text goes on growing meanwhile. */
const pauseMs = 250;

/**
 * Writes the draft of one attempt. Pushing never waits and never fails: a store that is away costs live updates, never
 * the reply, whose whole text is kept here until it is stored.
 */
export class DraftWriter {
  readonly #options: DraftWriterOptions;
  #text = "";
  #unsent = "";
  #sentBytes = 0;
  /** What the store holds is not known: the next write replaces it. */
  #unsure = false;
  #sending: Promise<void> | undefined;
  #closed = false;
  #endPause: () => void = () => undefined;

  constructor(options: DraftWriterOptions) {
    this.#options = options;
  }

  /** The attempt's whole text so far. */
  get text(): string {
    return this.#text;
  }

  /** @param text whole characters */
  push(text: string): void {
    if (text === "") return;
    this.#text += text;
    this.#unsent += text;
    this.#sending ??= this.#send();
  }

  /** Ends the writing; what was not sent yet reaches readers with the stored reply. */
  async close(): Promise<void> {
    this.#stop();
    await this.#sending;
  }

  async #send(): Promise<void> {
    // What failed is written again also when no more text comes: a provider may pause for long.
    while ((this.#unsent !== "" || this.#unsure) && !this.#closed) {
      const began = performance.now();
      const written = await this.#write();
      const pause = written ? joinMs - (performance.now() - began) : pauseMs;
      if (pause > 0) await this.#pause(pause);
    }
    this.#sending = undefined;
  }

  #stop(): void {
    this.#closed = true;
    this.#endPause();
  }

  async #pause(ms: number): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endPause = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }

  /** @returns whether the store is known to hold all that was unsent */
  async #write(): Promise<boolean> {
    const { live, jobId, attempt, isMine, onLost, log } = this.#options;
    const delta = this.#unsent;
    this.#unsent = "";
    try {
      if (!this.#unsure && (await live.append({ jobId, attempt, offset: this.#sentBytes, text: delta }))) {
        this.#sentBytes += Buffer.byteLength(delta);
        return true;
      }
      this.#unsure = true;
      if (!(await isMine())) {
        this.#stop();
        onLost();
        return false;
      }
      const text = this.#text;
      this.#unsent = "";
      await live.rewrite({ jobId, attempt, text });
      this.#sentBytes = Buffer.byteLength(text);
      this.#unsure = false;
      return true;
    } catch (error) {
      // The store may have taken it or not; the reply is safe here.
      this.#unsure = true;
      log.debug({ err: error, jobId }, "draft not written");
      return false;
    }
  }
}
