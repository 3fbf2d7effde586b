import styles from "./passage.css";

/** Passage of a page that a reply rests on. */
interface ShownPassage {
  readonly title: string;
  readonly quote: string;
  /** Absent if no page has it. */
  readonly url: string | undefined;
}

/** The pointer rests so long on a number before its passage is shown, and leaves it so long before it goes. */
const restMs = 150;
/** Distance from the number, and from the panel's edges. */
const gapPx = 6;
const edgePx = 12;
const maxWidthPx = 340;

/**
 * Box beside a number that shows its passage: while the pointer or the focus is there, or from a press until the next one.
 * It is in the browser's top layer, as a table or a block of code would cut it.
 */
export class Passage {
  readonly #box = document.createElement("div");
  readonly #sheet = new CSSStyleSheet();
  #number: HTMLElement | undefined;
  #isPinned = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #listeners = new AbortController();

  constructor() {
    this.#sheet.replaceSync(styles);
    this.#box.className = "passage";
    this.#box.part.add("passage");
    this.#box.id = "passage";
    this.#box.tabIndex = -1;
    this.#box.addEventListener("pointerenter", () => clearTimeout(this.#timer));
    this.#box.addEventListener("pointerleave", (event) => this.left(event));
    this.#box.addEventListener("focusout", ({ relatedTarget }) => this.blurred(relatedTarget));
  }

  toggle(number: EventTarget | null, shown: ShownPassage): void {
    const isPinned = this.#isPinned && this.#number === number;
    this.hide();
    if (!isPinned) this.#show(number, shown);
    this.#isPinned = !isPinned;
  }

  focused(number: EventTarget | null, shown: ShownPassage): void {
    if (number instanceof HTMLElement && number.matches(":focus-visible")) this.#show(number, shown);
  }

  /** @param next element that has the focus now */
  blurred(next: EventTarget | null): void {
    if (next === this.#number || (next instanceof Node && this.#box.contains(next))) return;
    this.hide();
  }

  entered(number: EventTarget | null, pointerType: string, shown: ShownPassage): void {
    clearTimeout(this.#timer);
    // A finger presses.
    if (pointerType !== "mouse" || number === this.#number) return;
    this.#timer = setTimeout(() => this.#show(number, shown), restMs);
  }

  left({ pointerType }: PointerEvent): void {
    clearTimeout(this.#timer);
    if (pointerType !== "mouse" || this.#isPinned) return;
    this.#timer = setTimeout(() => this.hide(), restMs);
  }

  /** @returns true if it was shown */
  hide(): boolean {
    clearTimeout(this.#timer);
    this.#listeners.abort();
    this.#isPinned = false;
    this.#number?.removeAttribute("aria-describedby");
    const isShown = this.#number !== undefined;
    this.#number = undefined;
    this.#box.remove();
    return isShown;
  }

  #show(number: EventTarget | null, shown: ShownPassage): void {
    const panel = number instanceof HTMLElement && number.closest<HTMLElement>(".panel");
    if (!panel || !(number instanceof HTMLElement)) return;
    this.hide();
    this.#number = number;
    this.#box.replaceChildren(...contents(shown));
    this.#dress(panel);
    panel.append(this.#box);
    if ("showPopover" in this.#box) {
      this.#box.popover = "manual";
      this.#box.showPopover();
    }
    if (shown.quote !== "") number.setAttribute("aria-describedby", "quote");
    this.#place(number, panel);
    this.#listen(number, panel);
  }

  #dress(panel: HTMLElement): void {
    const { adoptedStyleSheets: sheets } = panel.getRootNode() as ShadowRoot;
    if (!sheets.includes(this.#sheet)) sheets.push(this.#sheet);
  }

  #listen(number: HTMLElement, panel: HTMLElement): void {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    panel.addEventListener("scroll", ({ target }) => target !== this.#box && this.#place(number, panel), {
      capture: true,
      signal,
    });
    addEventListener("resize", () => this.hide(), { signal });
    const outside = (event: Event) => !event.composedPath().some((each) => each === this.#box || each === number);
    document.addEventListener("pointerdown", (event) => outside(event) && this.hide(), { capture: true, signal });
    // Within the panel, Escape closes one part after the other.
    const closes = (event: KeyboardEvent) => event.key === "Escape" && !event.composedPath().includes(panel);
    document.addEventListener("keydown", (event) => closes(event) && this.hide(), { capture: true, signal });
  }

  /**
   * Puts the box below the number, where it hides no word of the sentence before it; above it if there is more room. It
   * goes with a number that has scrolled away.
   */
  #place(number: HTMLElement, panel: HTMLElement): void {
    const [at, frame] = [number.getBoundingClientRect(), panel.getBoundingClientRect()];
    const log = (number.closest(".log") ?? panel).getBoundingClientRect();
    if (!number.isConnected || at.bottom < log.top || at.top > log.bottom) {
      this.hide();
      return;
    }
    const { style } = this.#box;
    const width = Math.min(maxWidthPx, frame.width - 2 * edgePx);
    style.width = `${width}px`;
    const [above, below] = [at.top - frame.top, frame.bottom - at.bottom];
    style.maxHeight = `${Math.max(above, below) - gapPx - edgePx}px`;
    const { height } = this.#box.getBoundingClientRect();
    const isAbove = below < height + gapPx + edgePx && above > below;
    style.top = `${isAbove ? at.top - gapPx - height : at.bottom + gapPx}px`;
    const left = (at.left + at.right - width) / 2;
    style.left = `${Math.max(frame.left + edgePx, Math.min(left, frame.right - edgePx - width))}px`;
  }
}

function contents({ title, quote, url }: ShownPassage): HTMLElement[] {
  const name = document.createElement(url === undefined ? "p" : "a");
  name.className = "title";
  if (name instanceof HTMLAnchorElement && url !== undefined) {
    name.href = url;
    name.target = "_blank";
    name.rel = "noopener noreferrer";
    // The list below the reply has the same link for the keyboard.
    name.tabIndex = -1;
  }
  const words = document.createElement("p");
  words.id = words.className = "quote";
  name.textContent = title;
  words.textContent = quote;
  name.dir = words.dir = "auto";
  return quote === "" ? [name] : [name, words];
}
