import type { ChatState, ReplyMessage } from "../chat/chat-state.ts";
import type { Memory } from "./safe-storage.ts";

/** Tracks unread replies, including those that arrived while no page was open. */
export class Unread {
  readonly #memory: Memory;
  readonly #key: string;

  constructor(memory: Memory, server: string, assistant: string | undefined) {
    this.#memory = memory;
    this.#key = `parley.seen ${server} ${assistant ?? ""}`;
  }

  /** Number of replies since the visitor last looked. */
  count(state: ChatState): number {
    if (!state.ready) return 0;
    const seen = this.#memory.read(this.#key);
    // The chat was never seen: count from here on.
    if (seen === undefined) this.see(state);
    if (seen === undefined) return 0;
    const ended = state.messages.filter(isEnded);
    const at = ended.findLastIndex(({ id, key }) => (id ?? key) === seen);
    return ended.length - 1 - at;
  }

  /** Marks all replies as seen. */
  see({ messages, ready }: ChatState): void {
    if (!ready) return;
    const newest = messages.findLast(isEnded);
    const seen = newest === undefined ? "-" : (newest.id ?? newest.key);
    // Called with each frame of a reply, so it writes only changes.
    if (this.#memory.read(this.#key) !== seen) this.#memory.write(this.#key, seen);
  }
}

function isEnded(message: ChatState["messages"][number]): message is ReplyMessage {
  return message.sender === "ai" && message.phase === "complete";
}
