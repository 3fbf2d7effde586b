import type { LauncherWords } from "../i18n/launcher-strings.ts";

export interface LauncherState {
  readonly words: LauncherWords;
  /** Number of unread replies; the language decides its notation. */
  readonly unread: number;
  readonly unreadText: string;
  readonly hidden: boolean;
  /** True while the panel is being loaded. */
  readonly busy: boolean;
  /** True if loading the panel failed. */
  readonly failed: boolean;
  readonly inline: boolean;
}

/** Button in the corner. Built without lit: until it is pressed, nothing else of the chat is loaded. */
export class Launcher {
  readonly box = document.createElement("div");
  readonly #button = document.createElement("button");
  readonly #badge = document.createElement("span");
  readonly #problem = document.createElement("p");
  readonly #retry = document.createElement("button");
  readonly #words = document.createElement("span");
  /** Live region: screen readers do not announce a number on a button. */
  readonly #news = document.createElement("span");

  constructor(act: { open: () => void; expect: () => void }) {
    this.box.className = "launcher-box";
    this.box.setAttribute("role", "region");
    // An empty title stops the browser from showing the element's own title beside the pointer.
    this.box.title = "";
    this.#button.className = "launcher";
    this.#button.type = this.#retry.type = "button";
    this.#button.part.add("launcher");
    this.#button.setAttribute("aria-haspopup", "dialog");
    this.#button.append(bubble(), this.#badge);
    this.#badge.className = "badge";
    this.#badge.part.add("badge");
    this.#badge.ariaHidden = "true";
    this.#problem.className = "problem";
    this.#problem.setAttribute("role", "alert");
    this.#problem.append(this.#words, this.#retry);
    this.#news.className = "news";
    this.#news.setAttribute("role", "status");
    this.box.append(this.#problem, this.#button, this.#news);
    this.#button.addEventListener("click", act.open);
    this.#retry.addEventListener("click", act.open);
    for (const event of ["pointerenter", "focus"]) this.#button.addEventListener(event, act.expect, { once: true });
  }

  show({ words, unread, unreadText, hidden, busy, failed, inline }: LauncherState): void {
    this.box.hidden = hidden;
    raise(this.box, !inline);
    this.box.ariaLabel = words.chat;
    this.#button.ariaBusy = busy ? "true" : "false";
    const news = unread === 0 ? "" : `${words.unread}: ${unreadText}`;
    this.#button.ariaLabel = news === "" ? words.open : `${words.open}. ${news}`;
    if (this.#news.textContent !== news) this.#news.textContent = news;
    this.#badge.hidden = unread === 0;
    this.#badge.textContent = unreadText;
    this.#words.textContent = failed ? words.notLoaded : "";
    this.#retry.textContent = words.tryAgain;
    this.#problem.hidden = !failed;
  }

  focus(): void {
    this.#button.focus();
  }
}

/**
 * Moves an element into the browser's top layer: over the page, and out of reach of the page's own styles and stacking.
 */
export function raise(element: HTMLElement, raised: boolean): void {
  if (!("showPopover" in element)) return;
  element.popover = raised ? "manual" : null;
  if (raised && element.isConnected && !element.matches(":popover-open")) element.showPopover();
}

function bubble(): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 28 28");
  svg.ariaHidden = "true";
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute(
    "d",
    "M8 4.5h12a4 4 0 0 1 4 4v7.5a4 4 0 0 1-4 4h-4.6L10 24.2V20H8a4 4 0 0 1-4-4V8.5a4 4 0 0 1 4-4Z",
  );
  svg.append(path);
  return svg;
}
