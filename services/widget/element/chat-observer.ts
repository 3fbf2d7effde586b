import type { Chat, ChatState, ParleyEvent } from "../chat/chat-state.ts";
import type { UnreadCounter } from "./unread-counter.ts";

export interface ChatObserverOptions {
  readonly chat: Chat;
  readonly unread: UnreadCounter;
  /** True if the chat is in the visitor's view. */
  readonly isSeen: () => boolean;
  readonly emit: (event: ParleyEvent) => void;
  readonly onUnread: (count: number) => void;
}

/** A chat as the element observes it, with its panel open or closed. */
export class ChatObserver {
  readonly chat: Chat;
  readonly #options: ChatObserverOptions;
  readonly #unsubscribe: () => void;
  #previous: ChatState;

  constructor(options: ChatObserverOptions) {
    this.#options = options;
    this.chat = options.chat;
    this.#previous = options.chat.state;
    this.#unsubscribe = options.chat.subscribe((state) => this.#onChange(state));
    options.chat.start();
  }

  /** Updates the unread count, and whether the chat is shown; also called when the panel or the page is shown or hidden. */
  updateUnread(): void {
    const { unread, isSeen, onUnread, chat } = this.#options;
    const seen = isSeen();
    chat.setShown(seen);
    if (seen) unread.markSeen(chat.state);
    onUnread(seen ? 0 : unread.count(chat.state));
  }

  close(): void {
    this.#unsubscribe();
    this.chat.close();
  }

  #onChange(state: ChatState): void {
    const events = this.chat.eventsSince(this.#previous);
    this.#previous = state;
    for (const event of events) this.#options.emit(event);
    this.updateUnread();
  }
}
