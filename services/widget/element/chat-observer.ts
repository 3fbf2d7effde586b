import type { Chat, ChatState } from "../chat/chat-state.ts";
import { eventsBetween, type ParleyEvent } from "./chat-events.ts";
import type { Unread } from "./unread-counter.ts";

export interface SessionOptions {
  readonly chat: Chat;
  readonly unread: Unread;
  /** True if the chat is in the visitor's view. */
  readonly isSeen: () => boolean;
  readonly tell: (event: ParleyEvent) => void;
  readonly onUnread: (count: number) => void;
}

/** A chat as the element observes it, with its panel open or closed. */
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

  /** Updates the unread count; also called when the panel opens and when the page becomes visible. */
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
