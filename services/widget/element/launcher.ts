import type { ParleyChatElement } from "../../../packages/client/source/parley.d.ts";
import type { LauncherStrings } from "../i18n/launcher-strings.ts";
import type { SafeStorage } from "./safe-storage.ts";
import { showInTopLayer } from "./top-layer.ts";

export interface LauncherState {
  readonly strings: LauncherStrings;
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
  readonly element = document.createElement("div");
  readonly #button = document.createElement("button");
  readonly #badge = document.createElement("span");
  readonly #problem = document.createElement("p");
  readonly #retry = document.createElement("button");
  readonly #problemText = document.createElement("span");
  /** Live region: screen readers do not announce a number on a button. */
  readonly #status = document.createElement("span");

  /** @param preload is called when a press is likely */
  constructor({ open, preload }: { open: () => void; preload: () => void }) {
    this.element.className = "launcher-box";
    this.element.setAttribute("role", "region");
    // An empty title stops the browser from showing the element's own title beside the pointer.
    this.element.title = "";
    this.#button.className = "launcher";
    this.#button.type = this.#retry.type = "button";
    this.#button.part.add("launcher");
    this.#button.setAttribute("aria-haspopup", "dialog");
    this.#button.append(chatIcon(), this.#badge);
    this.#badge.className = "badge";
    this.#badge.part.add("badge");
    this.#badge.ariaHidden = "true";
    this.#problem.className = "problem";
    this.#problem.setAttribute("role", "alert");
    this.#problem.append(this.#problemText, this.#retry);
    this.#status.className = "news";
    this.#status.setAttribute("role", "status");
    this.element.append(this.#problem, this.#button, this.#status);
    this.#button.addEventListener("click", open);
    this.#retry.addEventListener("click", open);
    for (const event of ["pointerenter", "focus"]) this.#button.addEventListener(event, preload, { once: true });
  }

  render({ strings, unread, unreadText, hidden, busy, failed, inline }: LauncherState): void {
    this.element.hidden = hidden;
    showInTopLayer(this.element, !inline);
    this.element.ariaLabel = strings.chat;
    this.#button.ariaBusy = busy ? "true" : "false";
    const news = unread === 0 ? "" : `${strings.unread}: ${unreadText}`;
    this.#button.ariaLabel = news === "" ? strings.open : `${strings.open}. ${news}`;
    if (this.#status.textContent !== news) this.#status.textContent = news;
    this.#badge.hidden = unread === 0;
    this.#badge.textContent = unreadText;
    this.#problemText.textContent = failed ? strings.notLoaded : "";
    this.#retry.textContent = strings.tryAgain;
    this.#problem.hidden = !failed;
  }

  /** Loads the code of invitations and of the sound where the page wants them. A failure is made good by a later call. */
  attend(chat: ParleyChatElement, storage: SafeStorage): void {
    if (!chat.hasAttribute("invite") && !chat.hasAttribute("sound")) return;
    import("./attention/attend.ts").then(
      ({ attend }) => attend(chat, this.element, storage),
      () => undefined,
    );
  }

  focus(): void {
    this.#button.focus();
  }
}

function chatIcon(): SVGElement {
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
