/** Number of frames over which a burst is spread, approximately. */
const burstFrames = 9;
/** Duration of a frame on most screens. */
const frameMs = 1000 / 60;

/** Smooths text that arrives in bursts. The initial text, and the text after a reset, is shown at once. */
export class TextSmoother {
  #target = "";
  #length: number | undefined;

  /** @param smooth false shows the text immediately */
  update(text: string, smooth: boolean): void {
    if (this.#length === undefined || !smooth || !text.startsWith(this.#target.slice(0, this.#length))) {
      this.#length = text.length;
    }
    this.#target = text;
  }

  /** Text to show until the next frame. */
  get shown(): string {
    const length = this.#length ?? 0;
    // A pair of surrogates must not be split.
    const code = this.#target.charCodeAt(length - 1);
    return this.#target.slice(0, code >= 0xd800 && code <= 0xdbff ? length + 1 : length);
  }

  get isBehind(): boolean {
    return (this.#length ?? 0) < this.#target.length;
  }

  /** Advances by at least one frame: a busy page draws few of them, and its text must not come late. */
  advance(ms: number): void {
    for (let frames = Math.round(ms / frameMs); frames > 1 && this.isBehind; frames--) this.#step();
    this.#step();
  }

  #step(): void {
    const length = this.#length ?? 0;
    this.#length = Math.min(
      this.#target.length,
      length + Math.max(1, Math.ceil((this.#target.length - length) / burstFrames)),
    );
  }
}
