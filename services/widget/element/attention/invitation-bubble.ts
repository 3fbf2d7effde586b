import type { ParleyChatElement } from "../../../../packages/client/source/parley.d.ts";
import { closeWords } from "../../i18n/attention-strings.ts";
import type { Language } from "../../i18n/languages.ts";
import type { SafeStorage } from "../safe-storage.ts";
import styles from "./invitation-bubble.css";

/** Key of the invitation that this visitor has answered or closed last. */
const answeredKey = "parley.invited";
/** Longest text of an invitation, in characters: it is a sentence or two. */
const longestText = 300;

/**
 * A message of the site beside its button, after a time or when the page sets the attribute. It is shown until the
 * visitor opens the chat or closes it, and not again in this browser, until its text is another one.
 */
export class InvitationBubble {
  readonly #chat: ParleyChatElement;
  readonly #storage: SafeStorage;
  readonly #bubble = document.createElement("div");
  readonly #text = document.createElement("button");
  readonly #close = document.createElement("button");
  readonly #box: HTMLElement;
  #planned = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(chat: ParleyChatElement, box: HTMLElement, storage: SafeStorage) {
    this.#chat = chat;
    this.#storage = storage;
    this.#box = box;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    chat.shadowRoot?.adoptedStyleSheets.push(sheet);
    this.#bubble.className = "invitation";
    this.#bubble.part.add("invitation");
    // Announced once it has a text: the region must be there before.
    this.#bubble.setAttribute("role", "status");
    this.#text.type = this.#close.type = "button";
    this.#text.className = "invitation-text";
    this.#close.className = "invitation-close";
    this.#close.textContent = "×";
    this.#text.addEventListener("click", () => this.#accept());
    this.#close.addEventListener("click", () => this.#end());
    box.append(this.#bubble);
    chat.addEventListener("parley:open", () => this.#bubble.childElementCount > 0 && this.#end());
  }

  /** Plans the invitation as the attributes are now. */
  plan(): void {
    const text = (this.#chat.getAttribute("invite") ?? "").trim().slice(0, longestText);
    const seconds = Number(this.#chat.getAttribute("invite-after") ?? 0) || 0;
    const plan = `${seconds} ${text}`;
    if (plan === this.#planned) return;
    this.#planned = plan;
    clearTimeout(this.#timer);
    this.#bubble.replaceChildren();
    if (text !== "" && this.#storage.read(answeredKey) !== text) {
      this.#timer = setTimeout(() => this.#show(text), Math.max(0, seconds) * 1000);
    }
  }

  #show(text: string): void {
    // A chat that is open needs none.
    if (this.#chat.isOpen) return;
    this.#text.textContent = text;
    this.#close.ariaLabel = closeWords[this.#box.lang.slice(0, 2) as Language];
    this.#bubble.replaceChildren(this.#text, this.#close);
  }

  /** Opens the chat, which goes on from the invitation: it stands in the place of the greeting. */
  #accept(): void {
    this.#chat.setAttribute("invited", this.#text.textContent);
    this.#end();
    this.#chat.open();
  }

  #end(): void {
    this.#storage.write(answeredKey, this.#text.textContent);
    const hadFocus = this.#bubble.matches(":focus-within");
    this.#bubble.replaceChildren();
    if (hadFocus) this.#box.querySelector<HTMLElement>(".launcher")?.focus();
  }
}
