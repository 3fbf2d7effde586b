import type { ShownConversation } from "../model/shown-conversation.ts";
import { texts } from "../texts.ts";
import { visitorName } from "../views/formats.ts";

/** Tells screen readers of each new message of the open conversation, once and whole. */
export class SpokenNews {
  readonly #region: HTMLElement;
  #conversation: string | undefined;
  readonly #known = new Set<string>();

  /** @param region a live region */
  constructor(region: HTMLElement) {
    this.#region = region;
  }

  /** Called after each rendering. */
  update(open: ShownConversation | undefined): void {
    const { view } = open ?? {};
    if (open === undefined || view === undefined) return;
    const isFirst = this.#conversation !== open.id;
    if (isFirst) this.#known.clear();
    this.#conversation = open.id;
    // Earlier messages that were asked for are no news.
    const fresh = view.messages.filter(({ id }) => !this.#known.has(id));
    for (const { id } of fresh) this.#known.add(id);
    if (isFirst) return;
    const heard = fresh.filter(({ sender }) => sender !== "operator");
    if (heard.length === 0) return;
    this.#region.textContent = heard
      .map(({ sender, text }) => texts.newMessage(sender === "ai" ? texts.assistant : visitorName(view), text))
      .join("\n");
  }
}
