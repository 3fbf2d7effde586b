/** This close to the end somebody reads the newest. */
const nearPx = 48;
/** Positions are rounded: this is the end itself. */
const endPx = 2;

/** Keeps a log at its end while it grows, if the reader is there; else it stays where they read. */
export class KeepEnd {
  atEnd = true;
  readonly #log: HTMLElement;
  readonly #changed: () => void;
  readonly #resizes: ResizeObserver;
  #top = 0;

  /** @param changed the reader has come to the end, or left it */
  constructor(log: HTMLElement, content: HTMLElement, changed: () => void) {
    this.#log = log;
    this.#changed = changed;
    this.#resizes = new ResizeObserver(() => this.#hold());
    this.#resizes.observe(log);
    this.#resizes.observe(content);
    log.addEventListener("scroll", this.#scrolled, { passive: true });
  }

  toEnd(): void {
    this.#set(true);
    this.#hold();
  }

  /** Does what adds messages before the ones there are, and keeps those where they are. */
  keepPlace(act: () => void): void {
    const fromEnd = this.#log.scrollHeight - this.#log.scrollTop;
    act();
    this.#scrollTo(this.#log.scrollHeight - fromEnd);
  }

  close(): void {
    this.#resizes.disconnect();
    this.#log.removeEventListener("scroll", this.#scrolled);
  }

  #hold(): void {
    if (this.atEnd) this.#scrollTo(this.#log.scrollHeight);
    else this.#scrolled();
  }

  /** The position is read back: the browser keeps it within bounds, and a larger one here would look like a scroll upwards. */
  #scrollTo(top: number): void {
    this.#log.scrollTop = top;
    this.#top = this.#log.scrollTop;
  }

  /**
   * Scrolling up leaves the end, from the first pixels on: a wheel moves in small steps, and growth between two of them must
   * not pull the reader back. Growth alone moves the end away, too, and leaves nothing.
   */
  readonly #scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    const left = scrollHeight - scrollTop - clientHeight;
    const up = scrollTop < this.#top - 1;
    this.#top = scrollTop;
    if (left < endPx || (left < nearPx && !up)) this.#set(true);
    else if (up) this.#set(false);
  };

  #set(atEnd: boolean): void {
    if (this.atEnd === atEnd) return;
    this.atEnd = atEnd;
    this.#changed();
  }
}
