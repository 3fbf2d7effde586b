import { TextCleaner } from "./clean-text.ts";
import { LinkFilter } from "./link-filter.ts";

/** Cleans and filters a provider's text piece by piece before it is shown. The output is the stored reply. */
export class ReplyFilter {
  readonly #cleaner = new TextCleaner();
  readonly #links: LinkFilter | undefined;

  /** @param allowedLinkHosts absent: links may lead anywhere */
  constructor(allowedLinkHosts: readonly string[] | undefined) {
    this.#links = allowedLinkHosts && new LinkFilter(allowedLinkHosts);
  }

  /** @returns the text that can be passed on now */
  push(chunk: string): string {
    const text = this.#cleaner.push(chunk);
    return this.#links ? this.#links.push(text) : text;
  }

  /** @returns the text still held back */
  end(): string {
    const text = this.#cleaner.end();
    return this.#links ? this.#links.push(text) + this.#links.end() : text;
  }
}
