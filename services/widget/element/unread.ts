import type { ChatState, ReplyMessage } from "../chat/chat-state.ts";
import type { Memory } from "./memory.ts";

/** Which replies a visitor has not seen, also of those that came while no page was open. */
export class Unread {
  readonly #memory: Memory;
  readonly #key: string;

  constructor(memory: Memory, server: string, assistant: string | undefined) {
    this.#memory = memory;
    this.#key = `parley.seen ${server} ${assistant ?? ""}`;
  }

  /** How many have come since somebody looked; none for somebody who never did. */
  count({ messages, ready }: ChatState): number {
    const seen = this.#memory.read(this.#key);
    if (!ready || seen === undefined) return 0;
    const ended = messages.filter(isEnded);
    const at = ended.findLastIndex(({ id, key }) => (id ?? key) === seen);
    return ended.length - 1 - at;
  }

  /** Somebody looks at it all now. */
  see({ messages, ready }: ChatState): void {
    if (!ready) return;
    const newest = messages.findLast(isEnded);
    this.#memory.write(this.#key, newest === undefined ? "-" : (newest.id ?? newest.key));
  }
}

function isEnded(message: ChatState["messages"][number]): message is ReplyMessage {
  return message.sender === "ai" && message.phase === "complete";
}
