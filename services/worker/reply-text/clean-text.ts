/**
 * Makes a provider's streamed text valid for PostgreSQL and UTF-8 before it is shown: drops U+0000, joins surrogate
 * pairs that were split over chunks, and turns lone surrogates into U+FFFD.
 */
export class TextCleaner {
  #heldBack = "";

  /** @returns the text that can be passed on now; the first half of a pair waits for the second */
  push(chunk: string): string {
    const text = this.#heldBack + chunk.replaceAll("\0", "");
    const cut = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.length - 1 : text.length;
    this.#heldBack = text.slice(cut);
    return text.slice(0, cut).toWellFormed();
  }

  /** @returns the text still held back */
  end(): string {
    const rest = this.#heldBack.toWellFormed();
    this.#heldBack = "";
    return rest;
  }
}

/** Cleans a text that is complete, such as a model's name. */
export function cleanWhole(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
