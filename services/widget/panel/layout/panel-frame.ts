import type { Locale } from "../../i18n/languages.ts";
import { trapFocus } from "../accessibility/focus-trap.ts";
import { FullScreen } from "./full-screen.ts";

export interface FrameOptions {
  readonly inline: boolean;
  readonly locale: Locale;
}

interface FrameHost {
  /** Called for Escape and the back gesture. */
  readonly dismiss: () => void;
  readonly onChange: () => void;
  /** Absent in a page that was loaded before an update. */
  readonly showInTopLayer?: (element: HTMLElement, raised: boolean) => void;
}

/** Frame of the panel: at its place on the page, in the corner over it, or over all of a phone's screen. */
export class PanelFrame {
  readonly element = document.createElement("div");
  /** Container that lit renders into. */
  readonly content = document.createElement("div");
  /** Visually hidden live region. */
  readonly liveRegion = document.createElement("div");
  readonly #root: ShadowRoot;
  readonly #fullScreen: FullScreen;
  readonly #dismiss: () => void;
  readonly #showInTopLayer: FrameHost["showInTopLayer"];
  #closeWatcher: CloseWatcher | undefined;
  #options: FrameOptions = { inline: false, locale: { language: "en", tag: "en", direction: "ltr" } };

  constructor(root: ShadowRoot, { dismiss, onChange, showInTopLayer }: FrameHost) {
    this.#root = root;
    this.#dismiss = dismiss;
    this.#showInTopLayer = showInTopLayer;
    this.#fullScreen = new FullScreen(this.element, () => {
      this.#applyLayout();
      onChange();
    });
    this.element.className = "panel";
    this.element.part.add("panel");
    // An empty title stops the browser from showing the element's own title beside the pointer.
    this.element.title = "";
    this.element.tabIndex = -1;
    this.element.setAttribute("aria-labelledby", "title");
    this.content.className = "content";
    this.liveRegion.className = "visually-hidden";
    this.liveRegion.ariaLive = "polite";
    this.element.append(this.content, this.liveRegion);
    this.element.addEventListener("keydown", this.#onKeyDown);
    root.append(this.element);
  }

  get isFull(): boolean {
    return this.#fullScreen.wanted && !this.#options.inline;
  }

  get hasFocus(): boolean {
    return this.element.contains(this.#root.activeElement);
  }

  show(options: FrameOptions): void {
    this.#options = options;
    this.element.dataset["open"] = "";
    this.#applyLayout();
  }

  /** @returns true if the focus was in it */
  hide(): boolean {
    const { hasFocus } = this;
    delete this.element.dataset["open"];
    if (this.element.popover !== null && "hidePopover" in this.element) this.element.hidePopover();
    this.#watchBackGesture(false);
    return hasFocus;
  }

  close(): void {
    this.#fullScreen.close();
    this.#watchBackGesture(false);
    this.element.remove();
  }

  #applyLayout(): void {
    const { inline, locale } = this.#options;
    const isOpen = "open" in this.element.dataset;
    this.element.dir = locale.direction;
    this.element.lang = locale.tag;
    this.element.role = inline ? "region" : "dialog";
    this.element.ariaModal = this.isFull ? "true" : null;
    this.element.toggleAttribute("data-inline", inline);
    this.element.toggleAttribute("data-full", this.isFull);
    if (isOpen) this.#showInTopLayer?.(this.element, !inline);
    this.#watchBackGesture(isOpen && this.isFull);
  }

  /** Lets a phone's back gesture close the full-screen panel. */
  #watchBackGesture(wanted: boolean): void {
    if (wanted === (this.#closeWatcher !== undefined) || !("CloseWatcher" in window)) return;
    this.#closeWatcher?.destroy();
    this.#closeWatcher = wanted ? new CloseWatcher() : undefined;
    this.#closeWatcher?.addEventListener("close", () => {
      this.#closeWatcher = undefined;
      this.#dismiss();
      // The next gesture is watched as well, where this one closed a part only.
      this.#applyLayout();
    });
  }

  readonly #onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      // To a browser Escape is the gesture as well, and would dismiss twice.
      event.preventDefault();
      this.#dismiss();
    } else if (event.key === "Tab" && this.isFull) trapFocus(event, this.element, this.#root.activeElement);
  };
}
