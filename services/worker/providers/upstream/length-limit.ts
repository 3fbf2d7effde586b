/** The longest tokens in use, runs of one character, stand for so many. An honest reply has a thirtieth of it. */
const charsInToken = 128;
/** Some APIs take no smaller limit of output, whatever the assistant asks for. */
const leastTokens = 256;

/** A guard against an upstream that does not keep to the limit it was given: it would be stored, and sent on, in full. */
export class LengthLimit {
  #room: number;
  /** There was more text than the limit. */
  reached = false;

  constructor(maxOutputTokens: number) {
    this.#room = Math.max(maxOutputTokens, leastTokens) * charsInToken;
  }

  /** @returns what of the text is within the limit, in whole characters */
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
