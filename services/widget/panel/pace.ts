/** A burst is spread over about that many frames. */
const frames = 9;

/** Lets text that comes in bursts grow evenly. What is there at first, or again after a reset, is shown at once. */
export class Pace {
  #target = "";
  #length: number | undefined;

  /** @param even whether to spread it at all; without that it is shown as it comes */
  grow(text: string, even: boolean): void {
    if (this.#length === undefined || !even || !text.startsWith(this.#target.slice(0, this.#length))) {
      this.#length = text.length;
    }
    this.#target = text;
  }

  /** What to show until the next frame. */
  get shown(): string {
    const length = this.#length ?? 0;
    // Not in the middle of a pair of surrogates.
    const code = this.#target.charCodeAt(length - 1);
    return this.#target.slice(0, code >= 0xd800 && code <= 0xdbff ? length + 1 : length);
  }

  get behind(): boolean {
    return (this.#length ?? 0) < this.#target.length;
  }

  /** A frame has passed. */
  step(): void {
    const length = this.#length ?? 0;
    this.#length = Math.min(
      this.#target.length,
      length + Math.max(1, Math.ceil((this.#target.length - length) / frames)),
    );
  }
}
