import type { Hint } from "../../../shared/live/live.ts";

export interface Mail {
  /** The row may have changed. */
  row: boolean;
  /** The draft holds text that was in no hint. */
  draft: boolean;
  deltas: { attempt: number; offset: number; text: string }[];
  position?: number;
}

/** Maximum text kept for a slow reader. Beyond it the reader gets the rest from the draft, which is stored anyway. */
const maxWaitingChars = 32 * 1024;

/** Collects the hints for one follower of a job until it takes them. Its memory is bounded. */
export class Mailbox {
  readonly #signal: AbortSignal;
  #mail: Mail = emptyMail();
  #waitingChars = 0;
  #wake: () => void = () => undefined;
  /** Monotonic time of the last hint, in milliseconds. */
  heardAt = performance.now();

  /** @param signal ends all waits for good */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  put(hint: Hint): void {
    this.heardAt = performance.now();
    if (hint.type === "delta") this.#putDelta(hint);
    else this.#mail.row = true;
    if (hint.type === "gap") this.#mail.draft = true;
    this.#wake();
  }

  putPosition(position: number): void {
    this.#mail.position = position;
    this.#wake();
  }

  /** Waits for mail and takes all of it; `undefined` once the signal is aborted. */
  async take(): Promise<Mail | undefined> {
    while (!this.#filled && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#signal.aborted) return undefined;
    const mail = this.#mail;
    this.#mail = emptyMail();
    this.#waitingChars = 0;
    return mail;
  }

  #putDelta({ attempt, offset, text }: Extract<Hint, { type: "delta" }>): void {
    if (text === undefined || this.#waitingChars + text.length > maxWaitingChars) {
      this.#mail.draft = true;
      this.#mail.deltas = [];
      this.#waitingChars = 0;
    } else if (!this.#mail.draft) {
      this.#mail.deltas.push({ attempt, offset, text });
      this.#waitingChars += text.length;
    }
  }

  get #filled(): boolean {
    const { row, draft, deltas, position } = this.#mail;
    return row || draft || deltas.length > 0 || position !== undefined;
  }
}

function emptyMail(): Mail {
  return { row: false, draft: false, deltas: [] };
}
