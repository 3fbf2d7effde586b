import type { Draft } from "./draft.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import type { AtomPlace } from "../reply-text/atom-places.ts";
import { ReplyFilter } from "../reply-text/reply-filter.ts";

type WrittenDraft = Pick<Draft, "push" | "text" | "cite">;

/** Writes the text of one reply into the draft, over all calls that it takes. */
export class ReplyWriter {
  readonly #draft: WrittenDraft;
  readonly #filter: ReplyFilter;
  readonly #places: AtomPlace[] = [];
  /** Separator before the next text. */
  #between = "";
  #begun = false;

  constructor(draft: WrittenDraft, provider: Provider, { assistant, passages }: ProviderRequest) {
    this.#draft = draft;
    // Link filtering does not apply to the operator's own texts, such as presets.
    const isOwnText = provider.upstream === undefined && !provider.quotesPages;
    this.#filter = new ReplyFilter({
      allowedLinkHosts: isOwnText ? undefined : assistant.allowedLinkHosts,
      onCitation: passages && ((place) => this.#places.push(place)),
    });
  }

  get hasWords(): boolean {
    return this.#draft.text.trim() !== "";
  }

  push(text: string): void {
    if (text === "") return;
    this.#write(this.#filter.push(this.#between + text));
    this.#between = "";
    this.#begun = true;
  }

  /** Ends the text of one call: that of the next is a paragraph of its own. */
  endCall(): void {
    if (this.#begun) this.#between = "\n\n";
  }

  /** Ends the reply: writes what is still held back. */
  end(): void {
    this.#write(this.#filter.end());
  }

  #write(text: string): void {
    this.#draft.push(text);
    for (const place of this.#places.splice(0)) this.#draft.cite(place);
  }
}
