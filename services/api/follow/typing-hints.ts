import { Listeners } from "../../../shared/async/listeners.ts";
import { boundedMap } from "../../../shared/bounded-map.ts";
import type { Live, TypingHint } from "../../../shared/live/live.ts";
import type { Logger } from "../../../shared/logger.ts";

/** A hint holds 6 s for its readers, so one in three seconds is enough, whatever a client sends. */
const pauseMs = 3000;
/** Maximum conversations whose last hint is remembered. */
const maxKept = 10_000;

type Listener = (typing: TypingHint) => void;

/** Passes on who is typing, over all processes. One subscription of this process serves all its streams. */
export class TypingHints {
  readonly #live: Pick<Live, "hintTyping">;
  readonly #log: Logger;
  readonly #listeners = new Listeners<TypingHint>();
  readonly #listenersToAll = new Set<Listener>();
  readonly #sent = boundedMap<{ at: number }>(maxKept, { ttlMs: pauseMs });

  constructor({ live, log }: { live: Pick<Live, "hintTyping">; log: Logger }) {
    this.#live = live;
    this.#log = log;
  }

  /** Sends a hint in the background, unless one like it was sent just now. It may be lost. */
  send(typing: TypingHint): void {
    const key = `${typing.conversationId}${typing.by === "user" ? "" : typing.name}`;
    if (this.#sent.has(key)) return;
    this.#sent.set(key, { at: performance.now() });
    this.#live
      .hintTyping(typing)
      .catch((error: unknown) => this.#log.debug({ err: error }, "typing was not passed on"));
  }

  /** Passes a hint of the live channel to its listeners. */
  hear(typing: TypingHint): void {
    this.#listeners.tell(typing.conversationId, typing);
    for (const listener of this.#listenersToAll) listener(typing);
  }

  /** @returns a function that ends it */
  listen(conversationId: string, listener: Listener): () => void {
    return this.#listeners.add(conversationId, listener);
  }

  /** Listens to all conversations, for the inbox. */
  listenToAll(listener: Listener): () => void {
    this.#listenersToAll.add(listener);
    return () => this.#listenersToAll.delete(listener);
  }
}
