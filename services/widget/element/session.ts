import type { Chat, ChatState } from "../chat/chat-state.ts";
import { eventsBetween, type ParleyEvent } from "./chat-events.ts";
import type { Unread } from "./unread.ts";

export interface SessionOptions {
  readonly chat: Chat;
  readonly unread: Unread;
  /** Whether the visitor has it before their eyes. */
  readonly isSeen: () => boolean;
  readonly tell: (event: ParleyEvent) => void;
  readonly onUnread: (count: number) => void;
}

/** A chat as the element watches it, with its panel open or not. */
export class Session {
  readonly chat: Chat;
  readonly #options: SessionOptions;
  readonly #end: () => void;
  #before: ChatState;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.chat = options.chat;
    this.#before = options.chat.state;
    this.#end = options.chat.subscribe((state) => this.#change(state));
    options.chat.start();
  }

  /** To be called when the panel has opened or the page has come to the front, too. */
  count(): void {
    const { unread, isSeen, onUnread, chat } = this.#options;
    if (isSeen()) unread.see(chat.state);
    onUnread(isSeen() ? 0 : unread.count(chat.state));
  }

  close(): void {
    this.#end();
    this.chat.close();
  }

  #change(state: ChatState): void {
    const events = eventsBetween(this.#before, state);
    this.#before = state;
    for (const event of events) this.#options.tell(event);
    this.count();
  }
}
