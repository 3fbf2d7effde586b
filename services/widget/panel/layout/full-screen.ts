const smallScreen = "(max-width: 520px), (max-height: 440px)";

/** Fits the panel into the part of a phone's screen that the keyboard leaves free. */
export class FullScreen {
  readonly #panel: HTMLElement;
  readonly #onChange: () => void;
  readonly #media = matchMedia(smallScreen);

  constructor(panel: HTMLElement, onChange: () => void) {
    this.#panel = panel;
    this.#onChange = onChange;
    this.#media.addEventListener("change", this.#onChange);
    visualViewport?.addEventListener("resize", this.#fit);
    visualViewport?.addEventListener("scroll", this.#fit);
    this.#fit();
  }

  get wanted(): boolean {
    return this.#media.matches;
  }

  close(): void {
    this.#media.removeEventListener("change", this.#onChange);
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
    this.#panel.style.setProperty("--_viewport-height", zoomed ? "100dvh" : `${height}px`);
    this.#panel.style.setProperty("--_viewport-top", zoomed ? "0px" : `${offsetTop}px`);
  };
}
