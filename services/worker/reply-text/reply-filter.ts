import { numberOfAtom, splitAtAtoms } from "../knowledge/atoms.ts";
import { type AtomPlace, AtomPlaces } from "./atom-places.ts";
import { TextCleaner } from "./clean-text.ts";
import { LinkFilter } from "./link-filter.ts";

interface ReplyFilterOptions {
  /** Absent: links may lead anywhere. */
  allowedLinkHosts?: readonly string[] | undefined;
  /** Takes the places of citations, in their order, each once the output before it is known. Absent: atoms are text. */
  onCitation?: ((place: AtomPlace) => void) | undefined;
}

/**
 * Cleans and filters a provider's text piece by piece before it is shown. The output is the stored reply: without the atoms
 * that stand for citations, and the same as if they had never been there.
 */
export class ReplyFilter {
  readonly #cleaner = new TextCleaner();
  readonly #places: AtomPlaces | undefined;
  readonly #links: LinkFilter | undefined;

  constructor({ allowedLinkHosts, onCitation }: ReplyFilterOptions) {
    this.#places = onCitation && new AtomPlaces(onCitation);
    this.#links = allowedLinkHosts && new LinkFilter(allowedLinkHosts, this.#places);
  }

  /** @returns the text that can be passed on now */
  push(chunk: string): string {
    const text = this.#cleaner.push(chunk);
    return this.#links ? this.#links.push(text) : this.#takeOut(text);
  }

  /** @returns the text still held back */
  end(): string {
    const text = this.#cleaner.end();
    return this.#links ? this.#links.push(text) + this.#links.end() : this.#takeOut(text);
  }

  #takeOut(text: string): string {
    const places = this.#places;
    if (!places) return text;
    let out = "";
    for (const piece of splitAtAtoms(text)) {
      const number = numberOfAtom(piece);
      if (number !== undefined) places.atom(number);
      else {
        places.read(piece.length);
        places.passed(piece);
        out += piece;
      }
    }
    return out;
  }
}
