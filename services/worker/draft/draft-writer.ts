import type { Live } from "../../../shared/live/live.ts";
import type { Logger } from "../../../shared/logger.ts";
import { atTick } from "./draft-ticks.ts";

interface DraftWriterOptions {
  live: Pick<Live, "append" | "rewrite">;
  jobId: string;
  attempt: number;
  /** Reads the job's row to check whether this attempt is still the current one. */
  isMine: () => Promise<boolean>;
  /** Called once, when the attempt is no longer current. */
  onLost: () => void;
  log: Logger;
}

/** Batching interval, in milliseconds: people see no difference, and the stores do a tenth of the work. */
const joinMs = 40;
/** Pause after a store failure, in milliseconds. The text keeps growing meanwhile. */
const pauseMs = 250;

/**
 * Writes the draft of one attempt. `push` never waits and never fails: a store that is down costs live updates, never
 * the reply. The whole text is kept here until it is stored.
 */
export class DraftWriter {
  readonly #options: DraftWriterOptions;
  #text = "";
  #unsent = "";
  #sentBytes = 0;
  /** True if the store's content is unknown; the next write replaces it. */
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

  /** The part of it that the store has acknowledged. Nobody was shown more, but for a write whose result is unknown. */
  get acknowledged(): string {
    return Buffer.from(this.#text).toString("utf8", 0, this.#sentBytes);
  }

  /** @param text whole characters */
  push(text: string): void {
    if (text === "") return;
    this.#text += text;
    this.#unsent += text;
    this.#sending ??= this.#send();
  }

  /** Ends the writing. Unsent text reaches readers with the stored reply. */
  async close(): Promise<void> {
    this.#stop();
    await this.#sending;
  }

  async #send(): Promise<void> {
    // Retry a failed write even without new text: a provider may pause for long.
    while ((this.#unsent !== "" || this.#unsure) && !this.#closed) {
      const began = performance.now();
      const written = await this.#write();
      const due = written ? began + joinMs : performance.now() + pauseMs;
      if (due > performance.now()) await this.#pauseUntil(due);
    }
    this.#sending = undefined;
  }

  #stop(): void {
    this.#closed = true;
    this.#endPause();
  }

  async #pauseUntil(due: number): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endPause = resolve;
    atTick(due, resolve);
    await promise;
  }

  /** @returns true if the store is known to hold all unsent text */
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
      // It is unknown whether the store took the write; the reply is safe here.
      this.#unsure = true;
      log.debug({ err: error, jobId }, "could not write a draft");
      return false;
    }
  }
}
