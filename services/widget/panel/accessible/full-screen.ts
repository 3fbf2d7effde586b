const narrow = "(max-width: 520px), (max-height: 440px)";

/** On a phone the panel fills what the keyboard leaves of the screen. */
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

  /** The layout viewport does not know of the keyboard. Somebody who has zoomed in looks at a part, which it is not. */
  readonly #fit = (): void => {
    const { height, offsetTop, scale } = visualViewport ?? { height: innerHeight, offsetTop: 0, scale: 1 };
    const zoomed = scale > 1.05;
    this.#panel.style.setProperty("--_seen-height", zoomed ? "100dvh" : `${height}px`);
    this.#panel.style.setProperty("--_seen-top", zoomed ? "0px" : `${offsetTop}px`);
  };
}
