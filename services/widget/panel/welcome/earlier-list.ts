import type { Chat, EarlierConversation } from "../../chat/chat-state.ts";
import type { ViewModel } from "../view-model.ts";
import { earlierStyles, earlierView } from "./earlier-view.ts";

export interface EarlierListOptions {
  readonly chat: Chat;
  readonly addStyles: (styles: string) => void;
  readonly onChange: () => void;
}

/** Earlier conversations, read each time they are wanted: a chat without them works as well. */
export class EarlierList {
  view: ViewModel["earlier"];
  readonly #options: EarlierListOptions;
  #wanted = false;
  /** Number of the newest read; an older one comes too late. */
  #round = 0;
  #styled = false;

  constructor(options: EarlierListOptions) {
    this.#options = options;
  }

  update(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.view = undefined;
    this.#round++;
    if (wanted) void this.#read(this.#round);
  }

  async #read(round: number): Promise<void> {
    const { chat, addStyles, onChange } = this.#options;
    const found: readonly EarlierConversation[] = await chat.readEarlier();
    if (found.length === 0 || round !== this.#round) return;
    if (!this.#styled) addStyles(earlierStyles);
    this.#styled = true;
    this.view = (view) => earlierView(found, view);
    onChange();
  }
}
