import type { ChatState } from "../chat/chat-state.ts";
import type { Locale } from "../i18n/languages.ts";

/** The panel, as its parts use it. */
export interface PartHost {
  readonly addStyles: (styles: string) => void;
  readonly onChange: () => void;
  /** Says words to screen readers. */
  readonly announce: (words: string) => void;
}

/** A part as it was loaded. */
interface Loaded<Views> {
  readonly views: Views;
  readonly styles: string;
}

/** Views that are loaded once there is something for them to show. The chat works without them. */
export class LatePart<Views> {
  views: Views | undefined;
  readonly #host: PartHost;
  readonly #isWanted: (state: ChatState) => boolean;
  readonly #fetch: (locale: Locale) => Promise<Loaded<Views>>;
  /** Language tag of the views that are loaded, or being loaded. */
  #tag: string | undefined;

  constructor(
    host: PartHost,
    isWanted: (state: ChatState) => boolean,
    fetch: (locale: Locale) => Promise<Loaded<Views>>,
  ) {
    this.#host = host;
    this.#isWanted = isWanted;
    this.#fetch = fetch;
  }

  update(state: ChatState, locale: Locale): void {
    if (this.#isWanted(state) && this.#tag !== locale.tag) void this.#load(locale);
  }

  /** Lets them be loaded again if that failed. */
  allowRetry(): void {
    this.#tag = this.views && this.#tag;
  }

  async #load(locale: Locale): Promise<void> {
    this.#tag = locale.tag;
    try {
      const { views, styles } = await this.#fetch(locale);
      if (this.#tag !== locale.tag) return;
      if (this.views === undefined) this.#host.addStyles(styles);
      this.views = views;
      this.#host.onChange();
    } catch {
      // Until the next opening.
    }
  }
}
