const narrow = "(max-width: 520px), (max-height: 440px)";

/** Fits the panel into the part of a phone's screen that the keyboard leaves free. */
export class FullScreen {
  readonly #panel: HTMLElement;
  readonly #changed: () => void;
  readonly #media = matchMedia(narrow);

  constructor(panel: HTMLElement, changed: () => void) {
    this.#panel = panel;
    this.#changed = changed;
    this.#media.addEventListener("change", this.#changed);
    visualViewport?.addEventListener("resize", this.#fit);
    visualViewport?.addEventListener("scroll", this.#fit);
    this.#fit();
  }

  get wanted(): boolean {
    return this.#media.matches;
  }

  close(): void {
    this.#media.removeEventListener("change", this.#changed);
    visualViewport?.removeEventListener("resize", this.#fit);
    visualViewport?.removeEventListener("scroll", this.#fit);
  }

  /**
   * Follows the visual viewport, as the layout viewport ignores the keyboard. A zoomed-in viewport shows only a part of
   * the page, so it is not followed.
   */
  readonly #fit = (): void => {
    const { height, offsetTop, scale } = visualViewport ?? { height: innerHeight, offsetTop: 0, scale: 1 };
    const zoomed = scale > 1.05;
    this.#panel.style.setProperty("--_seen-height", zoomed ? "100dvh" : `${height}px`);
    this.#panel.style.setProperty("--_seen-top", zoomed ? "0px" : `${offsetTop}px`);
  };
}
