import type { ChatMessage, ChatState } from "../chat/chat-state.ts";
import type { SafeStorage } from "./safe-storage.ts";

/** Tracks unread replies, including those that arrived while no page was open. */
export class UnreadCounter {
  readonly #storage: SafeStorage;
  readonly #key: string;

  constructor(storage: SafeStorage, server: string, assistant: string | undefined) {
    this.#storage = storage;
    this.#key = `parley.seen ${server} ${assistant ?? ""}`;
  }

  /** Number of replies since the visitor last looked. */
  count(state: ChatState): number {
    if (!state.ready) return 0;
    const seen = this.#storage.read(this.#key);
    // The chat was never seen: count from here on.
    if (seen === undefined) this.markSeen(state);
    if (seen === undefined) return 0;
    const ended = state.messages.filter(isEnded);
    const at = ended.findLastIndex(({ id, key }) => (id ?? key) === seen);
    // The reply seen last was replaced, or is far above. Ids are in the order of their time.
    if (at < 0) return ended.filter(({ id = seen }) => id > seen).length;
    return ended.length - 1 - at;
  }

  /** Marks all replies as seen. */
  markSeen({ messages, ready }: ChatState): void {
    if (!ready) return;
    const newest = messages.findLast(isEnded);
    const seen = newest === undefined ? "-" : (newest.id ?? newest.key);
    // Called with each frame of a reply, so it writes only changes.
    if (this.#storage.read(this.#key) !== seen) this.#storage.write(this.#key, seen);
  }
}

function isEnded(message: ChatMessage): boolean {
  return message.sender === "ai" ? message.phase === "complete" : message.sender === "operator";
}
