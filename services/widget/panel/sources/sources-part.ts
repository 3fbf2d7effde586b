import type { ChatState } from "../../chat/chat-state.ts";
import type { Locale } from "../../i18n/languages.ts";
import type { SourceViews } from "../view-model.ts";

/** Views of the sources that replies name, loaded once one does. Until then, replies are texts without numbers. */
export class SourcesPart {
  views: SourceViews | undefined;
  readonly #addStyles: (styles: string) => void;
  readonly #onChange: () => void;
  /** Language tag of the views that are loaded, or being loaded. */
  #tag: string | undefined;
  #isStyled = false;

  constructor(addStyles: (styles: string) => void, onChange: () => void) {
    this.#addStyles = addStyles;
    this.#onChange = onChange;
  }

  update({ messages }: ChatState, locale: Locale): void {
    if (this.#tag !== locale.tag && messages.some((message) => message.sender === "ai" && message.sources?.length))
      void this.#load(locale);
  }

  /** Lets it be loaded again if that failed. */
  allowRetry(): void {
    this.#tag = this.views && this.#tag;
  }

  async #load(locale: Locale): Promise<void> {
    this.#tag = locale.tag;
    try {
      const { sourceStyles, sourceViewsIn } = await import("./source-views.ts");
      if (this.#tag !== locale.tag) return;
      if (!this.#isStyled) this.#addStyles(sourceStyles);
      this.#isStyled = true;
      this.views = sourceViewsIn(locale);
      this.#onChange();
    } catch {
      // Replies can be read without them.
    }
  }
}
