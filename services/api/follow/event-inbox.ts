import type { EventTail } from "../../../shared/events/event-tail.ts";
import type { TypingHint } from "../../../shared/live/live.ts";
import type { TypingHints } from "./typing-hints.ts";
import type { LoggedEvent } from "../../../shared/events/read.ts";

/** Events kept for a slow reader. Beyond them it gets the rest from the log. */
const maxWaiting = 50;

interface InboxSources {
  events: Pick<EventTail, "listen">;
  typing: Pick<TypingHints, "listen">;
}

/**
 * Collects the events of a conversation for one stream until it takes them, and the operator who is typing. Its memory is
 * bounded.
 */
export class EventInbox implements Disposable {
  readonly #signal: AbortSignal;
  readonly #stop: () => void;
  readonly #stopTyping: () => void;
  #events: LoggedEvent[] = [];
  #overflowed = false;
  #typing: string | undefined;
  #wake: () => void = () => undefined;

  /** @param signal ends all waits for good */
  constructor({ events, typing }: InboxSources, conversationId: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#stop = events.listen(conversationId, (event) => this.#put(event));
    this.#stopTyping = typing.listen(conversationId, (hint) => this.#putTyping(hint));
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /**
   * Waits for events and takes them.
   * @returns those right after `seq`, none if somebody is typing; `"behind"` if the log has to be read for them; `undefined` once the signal is
   * aborted
   */
  async take(seq: number): Promise<LoggedEvent[] | "behind" | undefined> {
    while (this.#events.length === 0 && !this.#overflowed && this.#typing === undefined && !this.#signal.aborted) {
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

  /** Takes the name of the operator who was heard typing since the last call. */
  takeTyping(): string | undefined {
    const name = this.#typing;
    this.#typing = undefined;
    return name;
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#stopTyping();
  }

  #putTyping(hint: TypingHint): void {
    if (hint.by === "user") return;
    this.#typing = hint.name;
    this.#wake();
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
