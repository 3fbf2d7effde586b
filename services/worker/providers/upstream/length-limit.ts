/**
 * Characters of the longest tokens in use, which are runs of one character. An honest reply has a thirtieth of this per
 * token.
 */
const charsInToken = 128;
/** Minimum output limit of some APIs, regardless of the assistant's own limit. */
const leastTokens = 256;

/** Guard against an upstream that ignores its output limit: its whole output would be stored and sent on. */
export class LengthLimit {
  #room: number;
  /** True if there was more text than the limit. */
  reached = false;

  constructor(maxOutputTokens: number) {
    this.#room = Math.max(maxOutputTokens, leastTokens) * charsInToken;
  }

  /** @returns the part of the text within the limit, in whole characters */
  take(text: string): string {
    if (text.length <= this.#room) {
      this.#room -= text.length;
      return text;
    }
    this.reached = true;
    const taken = text.slice(0, this.#room);
    this.#room = 0;
    return taken.replace(/[\ud800-\udbff]$/, "");
  }
}
