import { TextCleaner } from "./clean-text.ts";
import { LinkFilter } from "./link-filter.ts";

/** What happens to a provider's text before anybody sees it, piece by piece: what comes out is the stored reply. */
export class ReplyText {
  readonly #cleaner = new TextCleaner();
  readonly #links: LinkFilter | undefined;

  /** @param allowedLinkHosts absent: links may lead anywhere */
  constructor(allowedLinkHosts: readonly string[] | undefined) {
    this.#links = allowedLinkHosts && new LinkFilter(allowedLinkHosts);
  }

  /** @returns what of it can go on now */
  push(chunk: string): string {
    const text = this.#cleaner.push(chunk);
    return this.#links ? this.#links.push(text) : text;
  }

  /** @returns what was still held back */
  end(): string {
    const text = this.#cleaner.end();
    return this.#links ? this.#links.push(text) + this.#links.end() : text;
  }
}
