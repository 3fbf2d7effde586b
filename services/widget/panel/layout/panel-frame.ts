import { raise } from "../../element/launcher.ts";
import { chooseLocale, type Locale } from "../../i18n/languages.ts";
import { FullScreen } from "./full-screen.ts";
import { keepWithin } from "../accessibility/focus-trap.ts";

export interface BoxOptions {
  readonly inline: boolean;
  readonly locale: Locale;
}

/** Frame of the panel: at its place on the page, in the corner over it, or over all of a phone's screen. */
export class PanelBox {
  readonly element = document.createElement("div");
  /** Container that lit renders into. */
  readonly content = document.createElement("div");
  /** Visually hidden live region. */
  readonly region = document.createElement("div");
  readonly #root: ShadowRoot;
  readonly #screen: FullScreen;
  readonly #leave: () => void;
  #watcher: CloseWatcher | undefined;
  #options: BoxOptions = { inline: false, locale: chooseLocale([]) };

  /** @param leave the visitor closes it by Escape or the back gesture */
  constructor(root: ShadowRoot, { leave, changed }: { leave: () => void; changed: () => void }) {
    this.#root = root;
    this.#leave = leave;
    this.#screen = new FullScreen(this.element, () => {
      this.#place();
      changed();
    });
    this.element.className = "panel";
    this.element.part.add("panel");
    // An empty title stops the browser from showing the element's own title beside the pointer.
    this.element.title = "";
    this.element.tabIndex = -1;
    this.element.setAttribute("aria-labelledby", "title");
    this.content.className = "content";
    this.region.className = "unseen";
    this.region.ariaLive = "polite";
    this.element.append(this.content, this.region);
    this.element.addEventListener("keydown", this.#key);
    root.append(this.element);
  }

  get isFull(): boolean {
    return this.#screen.wanted && !this.#options.inline;
  }

  get hasFocus(): boolean {
    return this.element.contains(this.#root.activeElement);
  }

  show(options: BoxOptions): void {
    this.#options = options;
    this.element.dataset["open"] = "";
    this.#place();
  }

  /** @returns true if the focus was in it */
  hide(): boolean {
    const { hasFocus } = this;
    delete this.element.dataset["open"];
    if (this.element.popover !== null && "hidePopover" in this.element) this.element.hidePopover();
    this.#watch(false);
    return hasFocus;
  }

  close(): void {
    this.#screen.close();
    this.#watch(false);
    this.element.remove();
  }

  #place(): void {
    const { inline, locale } = this.#options;
    const isOpen = "open" in this.element.dataset;
    this.element.dir = locale.direction;
    this.element.lang = locale.tag;
    this.element.role = inline ? "region" : "dialog";
    this.element.ariaModal = this.isFull ? "true" : null;
    this.element.toggleAttribute("data-inline", inline);
    this.element.toggleAttribute("data-full", this.isFull);
    if (isOpen) raise(this.element, !inline);
    this.#watch(isOpen && this.isFull);
  }

  /** Lets a phone's back gesture close the full-screen panel. */
  #watch(wanted: boolean): void {
    if (wanted === (this.#watcher !== undefined) || !("CloseWatcher" in window)) return;
    this.#watcher?.destroy();
    this.#watcher = wanted ? new CloseWatcher() : undefined;
    this.#watcher?.addEventListener("close", () => {
      this.#watcher = undefined;
      this.#leave();
    });
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      this.#leave();
    } else if (event.key === "Tab" && this.isFull) keepWithin(event, this.element, this.#root.activeElement);
  };
}
