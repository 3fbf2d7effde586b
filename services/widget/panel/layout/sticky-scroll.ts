/** Distance from the end within which the reader counts as reading the newest message. */
const nearPx = 48;
/** Distance that counts as the end itself, as positions are rounded. */
const endPx = 2;

/**
 * Keeps a log at its end while it grows, if the reader is there. Otherwise the scroll position stays. A log without
 * messages is read from its beginning.
 */
export class StickyScroll {
  atEnd = true;
  readonly #log: HTMLElement;
  readonly #content: HTMLElement;
  readonly #onChange: () => void;
  readonly #resizes: ResizeObserver;
  #top = 0;
  #hadMessages = false;

  /** @param onChange is called when the reader reaches the end or leaves it */
  constructor(log: HTMLElement, content: HTMLElement, onChange: () => void) {
    this.#log = log;
    this.#content = content;
    this.#onChange = onChange;
    this.#resizes = new ResizeObserver(() => this.#stick());
    this.#resizes.observe(log);
    this.#resizes.observe(content);
    log.addEventListener("scroll", this.#onScroll, { passive: true });
  }

  scrollToEnd(): void {
    this.#setAtEnd(true);
    this.#stick();
  }

  /** Runs a change that adds messages above, and keeps the visible ones in place. */
  keepPosition(prepend: () => void): void {
    const fromEnd = this.#log.scrollHeight - this.#log.scrollTop;
    prepend();
    this.#scrollTo(this.#log.scrollHeight - fromEnd);
  }

  close(): void {
    this.#resizes.disconnect();
    this.#log.removeEventListener("scroll", this.#onScroll);
  }

  #stick(): void {
    const hadMessages = this.#hadMessages;
    this.#hadMessages = this.#content.querySelector(".message") !== null;
    if (hadMessages && !this.#hadMessages) this.#scrollTo(0);
    else if (this.atEnd && this.#hadMessages) this.#scrollTo(this.#log.scrollHeight);
    else this.#onScroll();
  }

  /**
   * Reads the position back, as the browser keeps it within bounds. A larger value here would look like a scroll
   * upwards.
   */
  #scrollTo(top: number): void {
    this.#log.scrollTop = top;
    this.#top = this.#log.scrollTop;
  }

  /**
   * Scrolling up leaves the end from the first pixels on: a wheel moves in small steps, and growth between two of them
   * must not pull the reader back. Growth also moves the end away, but does not count as leaving it.
   */
  readonly #onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    const left = scrollHeight - scrollTop - clientHeight;
    const up = scrollTop < this.#top - 1;
    this.#top = scrollTop;
    if (left < endPx || (left < nearPx && !up)) this.#setAtEnd(true);
    else if (up) this.#setAtEnd(false);
  };

  #setAtEnd(atEnd: boolean): void {
    if (this.atEnd === atEnd) return;
    this.atEnd = atEnd;
    this.#onChange();
  }
}
