import type { EventTail } from "../../../shared/events/event-tail.ts";
import type { LoggedEvent } from "../../../shared/events/read.ts";

/** Events kept for a slow reader. Beyond them it gets the rest from the log. */
const maxWaiting = 50;

/** Collects the events of a conversation for one stream until it takes them. Its memory is bounded. */
export class EventInbox implements Disposable {
  readonly #signal: AbortSignal;
  readonly #stop: () => void;
  #events: LoggedEvent[] = [];
  #overflowed = false;
  #wake: () => void = () => undefined;

  /** @param signal ends all waits for good */
  constructor(tail: Pick<EventTail, "listen">, conversationId: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#stop = tail.listen(conversationId, (event) => this.#put(event));
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /**
   * Waits for events and takes them.
   * @returns those right after `seq`; `"behind"` if the log has to be read for them; `undefined` once the signal is
   * aborted
   */
  async take(seq: number): Promise<LoggedEvent[] | "behind" | undefined> {
    while (this.#events.length === 0 && !this.#overflowed && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#signal.aborted) return undefined;
    const events = this.#events.filter((event) => event.seq > seq);
    const behind = this.#overflowed || events.some((event, index) => event.seq !== seq + 1 + index);
    this.#events = [];
    this.#overflowed = false;
    return behind ? "behind" : events;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #put(event: LoggedEvent): void {
    if (this.#events.length < maxWaiting) this.#events.push(event);
    else {
      this.#events = [];
      this.#overflowed = true;
    }
    this.#wake();
  }
}
