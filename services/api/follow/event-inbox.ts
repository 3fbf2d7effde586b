import type { EventTail } from "../../../shared/events/event-tail.ts";
import type { TypingHint } from "../../../shared/live/live.ts";
import type { TypingHints } from "./typing-hints.ts";
import type { WaitingPlace, WaitingPlaces } from "./waiting-places.ts";
import type { LoggedEvent } from "../../../shared/events/read.ts";

/** Events kept for a slow reader. Beyond them it gets the rest from the log. */
const maxWaiting = 50;

interface InboxSources {
  events: Pick<EventTail, "listen">;
  typing: Pick<TypingHints, "listen">;
  places: Pick<WaitingPlaces, "listen">;
}

/**
 * Collects the events of a conversation for one stream until it takes them, the operator who is typing, and its place while it
 * waits for one. Its memory is bounded.
 */
export class EventInbox implements Disposable {
  readonly #signal: AbortSignal;
  readonly #stop: () => void;
  readonly #stopTyping: () => void;
  readonly #listenForPlace: (listener: (place: WaitingPlace) => void) => () => void;
  #stopPlaces: (() => void) | undefined;
  #place: WaitingPlace | undefined;
  /** The last place that was taken, as text. */
  #told: string | undefined;
  #events: LoggedEvent[] = [];
  #overflowed = false;
  #typing: string | undefined;
  #wake: () => void = () => undefined;

  /** @param signal ends all waits for good */
  constructor({ events, typing, places }: InboxSources, conversationId: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#stop = events.listen(conversationId, (event) => this.#put(event));
    this.#listenForPlace = (listener) => places.listen(conversationId, listener);
    this.#stopTyping = typing.listen(conversationId, (hint) => this.#putTyping(hint));
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /**
   * Waits for events and takes them.
   * @returns those right after `seq`, none if somebody is typing or the place is another; `"behind"` if the log has to be read for them; `undefined` once the signal is
   * aborted
   */
  async take(seq: number): Promise<LoggedEvent[] | "behind" | undefined> {
    while (!this.#isFilled && !this.#signal.aborted) {
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

  /** Takes the conversation's place, if it is another than the last one. */
  takePlace(): WaitingPlace | undefined {
    const place = this.#place;
    this.#place = undefined;
    if (place) this.#told = JSON.stringify(place);
    return place;
  }

  /** Begins or ends to hear of the conversation's place. */
  setWaiting(waits: boolean): void {
    if (waits === (this.#stopPlaces !== undefined)) return;
    this.#stopPlaces?.();
    this.#stopPlaces = waits ? this.#listenForPlace((place) => this.#putPlace(place)) : undefined;
    this.#place = this.#told = undefined;
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#stopPlaces?.();
    this.#stopTyping();
  }

  get #isFilled(): boolean {
    return this.#events.length > 0 || this.#overflowed || this.#typing !== undefined || this.#place !== undefined;
  }

  #putPlace(place: WaitingPlace): void {
    if (JSON.stringify(place) === this.#told) return;
    this.#place = place;
    this.#wake();
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
